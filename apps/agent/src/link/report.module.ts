/** What the agent tells the broker about itself; above permission and execution, which it looks at. */
import { Module } from '@nestjs/common';
import { AgentConfig } from '#apps/agent/src/agent.config.js';
import { LocalRules } from '#apps/agent/src/grants/local-rules.js';
import { AgentReporter } from '#apps/agent/src/link/agent-reporter.js';
import {
  DatabaseHealth,
  UnknownDatabaseHealth,
} from '#apps/agent/src/link/database-health.port.js';
import { SelfReport } from '#apps/agent/src/link/self-report.js';

@Module({
  providers: [
    AgentReporter,
    SelfReport,
    { provide: DatabaseHealth, useClass: UnknownDatabaseHealth },
    {
      provide: LocalRules,
      useFactory: (config: AgentConfig) => new LocalRules(config.stateFolder),
      inject: [AgentConfig],
    },
  ],
  exports: [AgentReporter],
})
export class ReportModule {}
