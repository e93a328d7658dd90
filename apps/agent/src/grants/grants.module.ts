/**
 * Permission on the practice's server. Promises: nothing runs without a grant that the practice
 * signed and this agent verified; whatever the broker says, it can only take away; the local ceiling
 * and the local pause flag stand above every grant; a withdrawal counts within a second; a pause of the
 * practice's console holds over restarts and lost links.
 */
import { Global, Module, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';

import { AgentConfig, databasesOf } from '#apps/agent/src/agent.config.js';
import { ApproverStore } from '#apps/agent/src/grants/approver-store.js';
import { BrokerLine } from '#apps/agent/src/grants/broker-line.port.js';
import { GrantExchange } from '#apps/agent/src/grants/grant-exchange.js';
import { GrantGate } from '#apps/agent/src/grants/grant-gate.port.js';
import { GrantStore, type RefusedGrant } from '#apps/agent/src/grants/grant-store.js';
import { GrantsController } from '#apps/agent/src/grants/grants.controller.js';
import { LocalRules } from '#apps/agent/src/grants/local-rules.js';
import { OwnIdentity } from '#apps/agent/src/grants/own-identity.port.js';
import { PracticeApprovers } from '#apps/agent/src/grants/practice-approvers.js';
import { PracticeDecisions } from '#apps/agent/src/grants/practice-decisions.js';
import { PracticePauses } from '#apps/agent/src/grants/practice-pauses.js';
import { RefusalLog } from '#apps/agent/src/grants/refusal-log.js';
import { RevocationInbox } from '#apps/agent/src/grants/revocation-inbox.js';
import { RulesReport } from '#apps/agent/src/grants/rules-report.js';
import { SignedGrantGate } from '#apps/agent/src/grants/signed-grant-gate.js';
import { FileJournal } from '#apps/agent/src/journal/file-journal.js';
import { EventLog } from '#apps/agent/src/logging/event-log.js';
import { Clock } from '#libs/kernel/clock.js';
import { checkReadOnly } from '#libs/tsql/read-only.js';

/** The parts that stand on others, in one place: who gets what. */
class Parts {
  constructor(
    readonly own: OwnIdentity,
    readonly line: BrokerLine,
    readonly journal: FileJournal,
    readonly rules: LocalRules,
    readonly clock: Clock,
  ) {}
}

@Global()
@Module({
  controllers: [GrantsController],
  providers: [
    {
      provide: Parts,
      useFactory: (...parts: ConstructorParameters<typeof Parts>) => new Parts(...parts),
      inject: [OwnIdentity, BrokerLine, FileJournal, LocalRules, Clock],
    },
    {
      provide: LocalRules,
      useFactory: ({ stateFolder }: AgentConfig) => new LocalRules(stateFolder),
      inject: [AgentConfig],
    },
    {
      provide: PracticePauses,
      useFactory: ({ stateFolder }: AgentConfig, journal: FileJournal, clock: Clock) =>
        PracticePauses.open({ stateFolder, journal, clock }),
      inject: [AgentConfig, FileJournal, Clock],
    },
    {
      provide: ApproverStore,
      useFactory: ({ stateFolder }: AgentConfig) => ApproverStore.open(stateFolder),
      inject: [AgentConfig],
    },
    {
      provide: GrantStore,
      useFactory: (
        parts: Parts,
        approvers: ApproverStore,
        { stateFolder }: AgentConfig,
        log: EventLog,
      ) => {
        const refusals = new RefusalLog(log, parts.clock);
        const onRefused = (refused: RefusedGrant): void => refusals.write(refused);
        return GrantStore.open({ ...parts, approvers, stateFolder, onRefused });
      },
      inject: [Parts, ApproverStore, AgentConfig, EventLog],
    },
    {
      provide: SignedGrantGate,
      useFactory: (parts: Parts, store: GrantStore, pauses: PracticePauses, config: AgentConfig) =>
        new SignedGrantGate({
          ...parts,
          store,
          pauses,
          checkReadOnly,
          databasesOf: (siteId, catalogues) => databasesOf(config, siteId, catalogues),
          journalWritable: () => parts.journal.writable,
        }),
      inject: [Parts, GrantStore, PracticePauses, AgentConfig],
    },
    { provide: GrantGate, useExisting: SignedGrantGate },
    {
      provide: GrantExchange,
      useFactory: ({ line, own, clock }: Parts, store: GrantStore) =>
        new GrantExchange(store, line, own, clock),
      inject: [Parts, GrantStore],
    },
    {
      provide: RevocationInbox,
      useFactory: ({ stateFolder }: AgentConfig, store: GrantStore) =>
        new RevocationInbox(stateFolder, store),
      inject: [AgentConfig, GrantStore],
    },
    {
      provide: PracticeDecisions,
      useFactory: (
        parts: Parts,
        store: GrantStore,
        exchange: GrantExchange,
        approvers: ApproverStore,
      ) => new PracticeDecisions({ ...parts, store, exchange, approvers }),
      inject: [Parts, GrantStore, GrantExchange, ApproverStore],
    },
    {
      provide: PracticeApprovers,
      useFactory: (
        parts: Parts,
        store: GrantStore,
        exchange: GrantExchange,
        approvers: ApproverStore,
      ) => new PracticeApprovers({ ...parts, store, exchange, approvers }),
      inject: [Parts, GrantStore, GrantExchange, ApproverStore],
    },
    {
      provide: RulesReport,
      useFactory: (parts: Parts, store: GrantStore, approvers: ApproverStore) =>
        new RulesReport({ ...parts, store, approvers }),
      inject: [Parts, GrantStore, ApproverStore],
    },
  ],
  exports: [
    GrantGate,
    SignedGrantGate,
    GrantStore,
    LocalRules,
    PracticeApprovers,
    PracticeDecisions,
    PracticePauses,
  ],
})
export class GrantsModule implements OnModuleInit, BeforeApplicationShutdown {
  constructor(
    private readonly gate: SignedGrantGate,
    private readonly exchange: GrantExchange,
    private readonly inbox: RevocationInbox,
    private readonly report: RulesReport,
    private readonly approvers: PracticeApprovers,
  ) {}

  /** What was revoked while the agent was down counts before the first query can come. */
  async onModuleInit(): Promise<void> {
    await this.inbox.start();
    this.gate.start();
    this.exchange.start();
    this.approvers.onChange(() => void this.report.tell());
    this.report.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.report.stop();
    this.exchange.stop();
    this.gate.stop();
    await this.inbox.stop();
  }
}
