import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { RunsJob } from '#apps/broker/src/jobs/runs-job.decorator.js';
import { BeginReconciliation } from '#apps/broker/src/reconciliation/begin-reconciliation.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';
import type { JobHandler } from '#libs/queue/job-handlers.js';
import type { JobName } from '#libs/queue/jobs.js';

/** Every agent that has told of a log of its own, once a day. */
@RunsJob()
@Injectable()
export class ReconcileNightly implements JobHandler<JobName> {
  readonly job = 'audit.reconcile';

  constructor(
    private readonly database: Kysely<Database>,
    private readonly begin: BeginReconciliation,
    private readonly clock: Clock,
  ) {}

  async execute(): Promise<void> {
    const nowMs = this.clock.now();
    const agents = await this.database
      .selectFrom('agent_logs')
      .innerJoin('agents', 'agents.agent_id', 'agent_logs.agent_id')
      .select('agents.agent_id')
      .where('agents.state', '=', 'active')
      .execute();
    for (const { agent_id } of agents) {
      await this.begin.execute(agent_id, { personId: null, nowMs });
    }
  }
}
