/**
 * The agent, put together: the link to the broker, the practice's permissions, the execution of
 * queries, the journal of what was done, the control of this machine's own people.
 */
import { Module, type DynamicModule } from '@nestjs/common';
import { LinkModule } from '#apps/agent/src/link/link.module.js';
import { ReportModule } from '#apps/agent/src/link/report.module.js';
import { ResourcesModule, type Resources } from '#apps/agent/src/resources.module.js';

@Module({})
export class AgentModule {
  static of(resources: Resources): DynamicModule {
    return {
      module: AgentModule,
      imports: [ResourcesModule.of(resources), LinkModule, ReportModule],
    };
  }
}
