/**
 * The agent's own record of what it executed and refused, in `<state folder>/journal`: a Merkle log that it
 * signs with a key of its own. It is there before anything that has something to record, and closed
 * after all of it.
 */
import { Global, Module, type OnApplicationShutdown } from '@nestjs/common';

import { AgentConfig } from '#apps/agent/src/agent.config.js';
import { AgentIdentity } from '#apps/agent/src/identity/agent-identity.js';
import { AgentLog, journalFolder } from '#apps/agent/src/journal/agent-log.js';
import { FileJournal } from '#apps/agent/src/journal/file-journal.js';
import { Journal } from '#apps/agent/src/journal/journal.port.js';
import { openLogSigner } from '#apps/agent/src/journal/log-signer.js';
import { EventLog } from '#apps/agent/src/logging/event-log.js';
import { Clock } from '#libs/kernel/clock.js';

@Global()
@Module({
  providers: [
    {
      provide: AgentLog,
      useFactory: async ({ stateFolder }: AgentConfig, identity: AgentIdentity, log: EventLog) => {
        const signer = await openLogSigner(identity);
        const own = await AgentLog.open(journalFolder(stateFolder), signer);
        if (!own.isSound) log.write('agent-log.damaged', {});
        return own;
      },
      inject: [AgentConfig, AgentIdentity, EventLog],
    },
    {
      provide: FileJournal,
      useFactory: ({ stateFolder }: AgentConfig, log: AgentLog, clock: Clock) =>
        FileJournal.over(log, journalFolder(stateFolder), clock),
      inject: [AgentConfig, AgentLog, Clock],
    },
    { provide: Journal, useExisting: FileJournal },
  ],
  exports: [AgentLog, FileJournal, Journal],
})
export class JournalModule implements OnApplicationShutdown {
  constructor(private readonly journal: FileJournal) {}

  onApplicationShutdown(): Promise<void> {
    return this.journal.close();
  }
}
