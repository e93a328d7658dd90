/**
 * Registered queries: run here, by this agent's own clock, whether or not the broker can be reached.
 * Promises: each run passes the practice's permission anew; nothing readable of a result leaves this
 * machine or rests on its disk; what is unchanged is not uploaded; a restart, a sleep or a wrong clock
 * neither repeats nor makes up for runs, and none begins after its query's end.
 */
import {
  Module,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { AgentConfig } from '#apps/agent/src/agent.config.js';
import { RunQuery } from '#apps/agent/src/execution/run-query.js';
import { BrokerLine } from '#apps/agent/src/grants/broker-line.port.js';
import { GrantGate } from '#apps/agent/src/grants/grant-gate.port.js';
import { StatementFingerprint } from '#apps/agent/src/execution/statement-fingerprint.js';
import { EncryptionKeys } from '#apps/agent/src/identity/encryption-keys.js';
import { Journal } from '#apps/agent/src/journal/journal.port.js';
import { EventLog } from '#apps/agent/src/logging/event-log.js';
import { acceptanceNote } from '#apps/agent/src/registered/acceptance-note.js';
import { BrokerTalk } from '#apps/agent/src/registered/broker-talk.js';
import { PerformRun } from '#apps/agent/src/registered/perform-run.js';
import { RegisteredController } from '#apps/agent/src/registered/registered.controller.js';
import { RegisteredQueries } from '#apps/agent/src/registered/registered-queries.js';
import { RegisteredShelf } from '#apps/agent/src/registered/registered-shelf.js';
import { SealedFolder } from '#apps/agent/src/registered/sealed-folder.js';
import { SystemTimeline, Timeline } from '#apps/agent/src/registered/timeline.js';
import { TrustedTime } from '#apps/agent/src/registered/trusted-time.js';

/** Both clocks and what has been stored, in one place. */
class Ground {
  readonly timeline: Timeline = new SystemTimeline();
  readonly time = new TrustedTime(this.timeline);

  constructor(readonly shelf: RegisteredShelf) {}

  static async open({ stateFolder, registeredMaxBytes }: AgentConfig): Promise<Ground> {
    const folder = await SealedFolder.open(stateFolder, registeredMaxBytes);
    return new Ground(await RegisteredShelf.open(folder));
  }
}

@Module({
  controllers: [RegisteredController],
  providers: [
    {
      provide: Ground,
      useFactory: (config: AgentConfig) => Ground.open(config),
      inject: [AgentConfig],
    },
    {
      provide: BrokerTalk,
      useFactory: ({ shelf, timeline, time }: Ground, line: BrokerLine) =>
        new BrokerTalk({ shelf, timeline, line, onTime: (trueMs) => time.learn(trueMs) }),
      inject: [Ground, BrokerLine],
    },
    {
      provide: PerformRun,
      useFactory: (ground: Ground, runner: RunQuery, gate: GrantGate) =>
        new PerformRun({
          shelf: ground.shelf,
          timeline: ground.timeline,
          time: ground.time,
          runner,
          gate,
        }),
      inject: [Ground, RunQuery, GrantGate],
    },
    {
      provide: RegisteredQueries,
      useFactory: (
        { shelf, timeline, time }: Ground,
        perform: PerformRun,
        talk: BrokerTalk,
        keys: EncryptionKeys,
        config: AgentConfig,
        log: EventLog,
        journal: Journal,
        fingerprints: StatementFingerprint,
      ) =>
        new RegisteredQueries({
          ...{ shelf, timeline, time, perform, talk },
          findKey: (publicKey) => keys.find(publicKey),
          leastFrequencyOf: (siteId) =>
            config.sites.find((site) => site.siteId === siteId)?.limits.minFrequencySeconds,
          onFailed: (code) => log.write('registered.failed', { code }),
          noteAccepted: (definition, statement) =>
            journal.record(acceptanceNote(definition, fingerprints.of(statement))),
        }),
      inject: [
        ...[Ground, PerformRun, BrokerTalk, EncryptionKeys, AgentConfig, EventLog],
        ...[Journal, StatementFingerprint],
      ],
    },
  ],
  exports: [RegisteredQueries],
})
export class RegisteredModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(
    private readonly queries: RegisteredQueries,
    private readonly gate: GrantGate,
  ) {}

  /** After the permissions are read and the revocations of the meantime count. */
  async onApplicationBootstrap(): Promise<void> {
    this.gate.onWithdrawn((grantId) => void this.queries.withdrawn(grantId));
    await this.queries.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.queries.stop();
  }
}
