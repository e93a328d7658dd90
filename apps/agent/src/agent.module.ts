/**
 * The agent, put together: the link to the broker, the practice's permissions, the execution of
 * queries, the journal of what was done, the control of this machine's own people.
 */
import { Module, type DynamicModule } from '@nestjs/common';
import { ConsentModule } from '#apps/agent/src/consent/consent.module.js';
import { ControlModule } from '#apps/agent/src/control/control.module.js';
import { ExecutionModule } from '#apps/agent/src/execution/execution.module.js';
import type { OpenPmsDriver } from '#apps/agent/src/execution/pms-sites.js';
import { GrantsModule } from '#apps/agent/src/grants/grants.module.js';
import { JournalModule } from '#apps/agent/src/journal/journal.module.js';
import { LinkModule } from '#apps/agent/src/link/link.module.js';
import { ReportModule } from '#apps/agent/src/link/report.module.js';
import { RegisteredModule } from '#apps/agent/src/registered/registered.module.js';
import { ResourcesModule, type Resources } from '#apps/agent/src/resources.module.js';
import { WitnessModule } from '#apps/agent/src/witness/witness.module.js';
import { WritesModule } from '#apps/agent/src/writes/writes.module.js';

@Module({})
export class AgentModule {
  /** @param openDriver another kind of PMS, for tests and benches; see ExecutionModule */
  static of(resources: Resources, openDriver?: OpenPmsDriver): DynamicModule {
    return {
      module: AgentModule,
      imports: [
        ResourcesModule.of(resources),
        JournalModule,
        LinkModule,
        GrantsModule,
        ConsentModule,
        ExecutionModule.of(openDriver),
        WitnessModule,
        WritesModule,
        RegisteredModule,
        ReportModule,
        ControlModule,
      ],
    };
  }
}
