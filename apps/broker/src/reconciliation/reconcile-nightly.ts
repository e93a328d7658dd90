import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { RunsJob } from '#apps/broker/src/jobs/runs-job.decorator.js';
import { BeginReconciliation } from '#apps/broker/src/reconciliation/begin-reconciliation.js';
import { NoteMissedNights } from '#apps/broker/src/reconciliation/note-missed-nights.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';
import type { JobHandler } from '#libs/queue/job-handlers.js';
import type { JobName } from '#libs/queue/jobs.js';

/** Every agent, once a day: one that has told of no log of its own is asked for it too. */
@RunsJob()
@Injectable()
export class ReconcileNightly implements JobHandler<JobName> {
  readonly job = 'audit.reconcile';

  constructor(
    private readonly database: Kysely<Database>,
    private readonly begin: BeginReconciliation,
    private readonly missed: NoteMissedNights,
    private readonly clock: Clock,
  ) {}

  async execute(): Promise<void> {
    const nowMs = this.clock.now();
    const agents = await this.database
      .selectFrom('agents')
      .select('agent_id')
      .where('state', '=', 'active')
      .execute();
    for (const { agent_id } of agents) {
      await this.missed.execute(agent_id);
      await this.begin.execute(agent_id, { personId: null, nowMs });
    }
  }
}
