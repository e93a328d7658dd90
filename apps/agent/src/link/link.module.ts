/**
 * The agent's link to the broker. Promises: dialled out only, mutual TLS 1.3 with the pinned CA;
 * always coming back, with jitter, within a minute; every failure named once in the log and in
 * `status` with what a technician can do; keys replaced in time; no join counted twice.
 */
import { Global, Module } from '@nestjs/common';
import { AgentConfig } from '#apps/agent/src/agent.config.js';
import { BrokerLine } from '#apps/agent/src/grants/broker-line.port.js';
import { FileJournal } from '#apps/agent/src/journal/file-journal.js';
import { AgentLink } from '#apps/agent/src/link/agent-link.js';
import { BrokerClock } from '#apps/agent/src/link/broker-clock.js';
import { JournalUpkeep } from '#apps/agent/src/link/journal-upkeep.js';
import { KeyUpkeep } from '#apps/agent/src/link/key-upkeep.js';
import { LinkTarget } from '#apps/agent/src/link/link-target.js';
import { TimeController } from '#apps/agent/src/link/time.controller.js';
import { EventLog } from '#apps/agent/src/logging/event-log.js';

@Global()
@Module({
  controllers: [TimeController],
  providers: [
    AgentLink,
    BrokerClock,
    {
      provide: JournalUpkeep,
      useFactory: (...parts: ConstructorParameters<typeof JournalUpkeep>) =>
        new JournalUpkeep(...parts),
      inject: [FileJournal, BrokerClock, AgentConfig, EventLog],
    },
    KeyUpkeep,
    LinkTarget,
    { provide: BrokerLine, useExisting: AgentLink },
  ],
  exports: [AgentLink, BrokerClock, BrokerLine, KeyUpkeep],
})
export class LinkModule {}
