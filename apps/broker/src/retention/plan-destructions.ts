/**
 * Plans what comes due within the waiting time, so that nothing is kept for the sake of waiting: one plan for each
 * kind and tenant at a time. A plan destroys nothing; until it is carried out it can be seen and undone.
 */
import { Injectable } from '@nestjs/common';
import { Kysely, sql } from 'kysely';
import { RunsJob } from '#apps/broker/src/jobs/runs-job.decorator.js';
import { recordSources } from '#apps/broker/src/retention/due-records.js';
import { isFree, ofSameTenant } from '#apps/broker/src/retention/held-records.js';
import { retentionSchedule } from '#apps/broker/src/retention/retention-schedule.js';
import {
  RETENTION_WAIT_DAYS,
  retentionKinds,
  type RetentionKind,
} from '#libs/console-api/retention.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';
import type { JobHandler } from '#libs/queue/job-handlers.js';
import type { JobName } from '#libs/queue/jobs.js';

export const DAY_MS = 86_400_000;
/** As the plans' `decided_by`. */
export const BY_SCHEDULE = 'schedule';

@RunsJob()
@Injectable()
export class PlanDestructions implements JobHandler<JobName> {
  readonly job = 'retention.plan';

  constructor(
    private readonly database: Kysely<Database>,
    private readonly clock: Clock,
  ) {}

  async execute(): Promise<void> {
    for (const kind of retentionKinds) await this.plan(kind);
  }

  /** In one statement: two nodes at once make one plan. Plans are asked about by tenant, not by record. */
  private async plan(kind: RetentionKind): Promise<void> {
    const { days, version } = retentionSchedule[kind];
    const nowMs = this.clock.now();
    const executeAfter = new Date(nowMs + RETENTION_WAIT_DAYS * DAY_MS);
    const now = new Date(nowMs);
    // Days of the schedule, not of a wall clock: the database's own zone has no part in it.
    const cutoff = sql`(${executeAfter}::timestamptz
      - make_interval(hours => 24 * coalesce(own.days, ${days}::integer)))`;
    await sql`
      insert into retention_plans (plan_id, kind, rule_version, practice_id, integrator_id,
        window_to, records, oldest, newest, decided_by, planned_at, execute_after)
      select gen_random_uuid()::text, ${kind}, ${version}::integer, x.practice_id, x.integrator_id,
        x.cutoff, x.records, x.oldest, x.newest, ${BY_SCHEDULE}, ${now}::timestamptz,
        ${executeAfter}::timestamptz
      from (
        select x.practice_id, x.integrator_id, min(${cutoff}) as cutoff, count(*) as records,
          min(x.at) as oldest, max(x.at) as newest
        from (${recordSources[kind].rows}) x
        left join retention_periods own on own.practice_id = x.practice_id and own.kind = ${kind}
        where x.at < ${new Date(executeAfter.getTime() - days * DAY_MS)}::timestamptz
          and x.at < ${cutoff} and ${isFree(kind)}
        group by x.practice_id, x.integrator_id
      ) x
      where not exists (select from retention_plans p
        where p.kind = ${kind} and p.subject is null and ${ofSameTenant}
          and (p.state = 'planned' or p.state = 'undone' and p.again_after > ${now}::timestamptz))
      on conflict do nothing`.execute(this.database);
  }
}
