/**
 * Consent on the practice's server: which patients withdrew from which integrator. Promises: their
 * numbers never leave this machine; what the practice declared is filtered or refused, what it did not
 * declare is said to be unfiltered; a list that can't be understood stops everything.
 */
import { Global, Module } from '@nestjs/common';

import { AgentConfig } from '#apps/agent/src/agent.config.js';
import { ConsentGuard } from '#apps/agent/src/consent/consent-guard.js';
import { WithdrawnConsents } from '#apps/agent/src/consent/withdrawn-consents.js';
import { FileJournal } from '#apps/agent/src/journal/file-journal.js';
import { Clock } from '#libs/kernel/clock.js';

@Global()
@Module({
  providers: [
    {
      provide: WithdrawnConsents,
      useFactory: ({ stateFolder }: AgentConfig, journal: FileJournal, clock: Clock) =>
        WithdrawnConsents.open({ stateFolder, journal, clock }),
      inject: [AgentConfig, FileJournal, Clock],
    },
    {
      provide: ConsentGuard,
      useFactory: (consents: WithdrawnConsents) => new ConsentGuard(consents),
      inject: [WithdrawnConsents],
    },
  ],
  exports: [ConsentGuard, WithdrawnConsents],
})
export class ConsentModule {}
