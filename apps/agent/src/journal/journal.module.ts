/**
 * The agent's own record of what it executed and refused, in `<state folder>/journal`. It is there
 * before anything that has something to record, and closed after all of it.
 */
import { join } from 'node:path';

import { Global, Module, type OnApplicationShutdown } from '@nestjs/common';

import { AgentConfig } from '#apps/agent/src/agent.config.js';
import { FileJournal } from '#apps/agent/src/journal/file-journal.js';
import { Journal } from '#apps/agent/src/journal/journal.port.js';
import { Clock } from '#libs/kernel/clock.js';

@Global()
@Module({
  providers: [
    {
      provide: FileJournal,
      useFactory: ({ stateFolder }: AgentConfig, clock: Clock) =>
        FileJournal.open(join(stateFolder, 'journal'), clock),
      inject: [AgentConfig, Clock],
    },
    { provide: Journal, useExisting: FileJournal },
  ],
  exports: [FileJournal, Journal],
})
export class JournalModule implements OnApplicationShutdown {
  constructor(private readonly journal: FileJournal) {}

  onApplicationShutdown(): Promise<void> {
    return this.journal.close();
  }
}
