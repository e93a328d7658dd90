/** What the agent tells the broker about itself; above permission and execution, which it looks at. */
import { Module } from '@nestjs/common';
import { AgentReporter } from '#apps/agent/src/link/agent-reporter.js';
import { SelfReport } from '#apps/agent/src/link/self-report.js';

@Module({
  providers: [AgentReporter, SelfReport],
  exports: [AgentReporter],
})
export class ReportModule {}
