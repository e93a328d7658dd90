/**
 * Carries out plans whose waiting time is over, a bounded batch at a time. A batch is one transaction: what goes,
 * its entry in the register and its audit record, or nothing of it; a crash anywhere leaves a plan that goes on. What
 * is held or has been given more time by then is left where it is. A plan that fails keeps none of the others back.
 */
import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Kysely, sql, type Selectable, type Transaction } from 'kysely';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { RunsJob } from '#apps/broker/src/jobs/runs-job.decorator.js';
import { recordSources } from '#apps/broker/src/retention/due-records.js';
import { inTurnWithHolds, isFree } from '#apps/broker/src/retention/held-records.js';
import { BY_SCHEDULE, DAY_MS } from '#apps/broker/src/retention/plan-destructions.js';
import { retentionSchedule, ruleName } from '#apps/broker/src/retention/retention-schedule.js';
import type { RetentionPlansTable } from '#libs/db/retention-tables.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';
import type { JobHandler } from '#libs/queue/job-handlers.js';
import type { JobName } from '#libs/queue/jobs.js';

export const executionLimits = {
  /** Records in one transaction. The embedded store has one session: others wait for its end. */
  batch: 1_000,
  /** In one run; the next hour goes on. */
  batches: 500,
};

type Plan = Selectable<RetentionPlansTable>;

interface Due {
  key: string;
  /** As the database writes it: to the microsecond. */
  at: string;
}

@RunsJob()
@Injectable()
export class ExecuteDestructions implements JobHandler<JobName> {
  readonly job = 'retention.execute';

  constructor(
    private readonly database: Kysely<Database>,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
  ) {}

  /** @throws the first error of all, when the others were carried out */
  async execute(): Promise<void> {
    const due = await this.database
      .selectFrom('retention_plans')
      .select('plan_id')
      .where('state', '=', 'planned')
      .where('execute_after', '<=', new Date(this.clock.now()))
      .orderBy('execute_after')
      .limit(executionLimits.batches)
      .execute();
    const failures: unknown[] = [];
    let left = executionLimits.batches;
    for (const { plan_id: planId } of due) {
      try {
        while (left > 0) {
          left -= 1;
          if (!(await this.step(planId))) break;
        }
      } catch (error) {
        failures.push(error);
        // A store that is away would refuse each of the others too.
        if (!(await this.isThere())) break;
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  private isThere(): Promise<boolean> {
    return sql`select 1`.execute(this.database).then(
      () => true,
      () => false,
    );
  }

  /** @returns whether the plan has more */
  private step(planId: string): Promise<boolean> {
    return this.database.transaction().execute(async (within) => {
      await inTurnWithHolds(within);
      const plan = await within
        .selectFrom('retention_plans')
        .selectAll()
        .where('plan_id', '=', planId)
        .where('state', '=', 'planned')
        .forUpdate()
        .executeTakeFirst();
      if (!plan) return false;
      const due = await this.due(within, plan);
      if (due.length > 0) await this.destroy(within, plan, due);
      if (due.length === executionLimits.batch) return true;
      await this.end(within, plan);
      return false;
    });
  }

  /** The oldest first. */
  private async due(within: Transaction<Database>, plan: Plan): Promise<Due[]> {
    const { kind, subject, practice_id: practiceId, integrator_id: integratorId } = plan;
    const isMeant =
      subject === null
        ? sql`x.at < ${await this.cutoff(within, plan)}
          and ${sameAs('x.practice_id', practiceId)} and ${sameAs('x.integrator_id', integratorId)}`
        : sql`x.key = ${subject}`;
    const { rows } = await sql<Due>`
      select x.key, x.at::text as at from (${recordSources[kind].rows}) x
      where ${isMeant} and ${isFree(kind)}
      order by x.at limit ${executionLimits.batch}`.execute(within);
    return rows;
  }

  /** As the practice's period is now: it may have been made longer. */
  private async cutoff(within: Transaction<Database>, plan: Plan): Promise<Date> {
    const own = await within
      .selectFrom('retention_periods')
      .select('days')
      .where('practice_id', '=', plan.practice_id ?? '')
      .where('kind', '=', plan.kind)
      .executeTakeFirst();
    const days = Math.max(own?.days ?? 0, retentionSchedule[plan.kind].days);
    return new Date(Math.min(plan.window_to.getTime(), this.clock.now() - days * DAY_MS));
  }

  private async destroy(
    within: Transaction<Database>,
    plan: Plan,
    due: readonly Due[],
  ): Promise<void> {
    const { kind, practice_id: practiceId, integrator_id: integratorId } = plan;
    const keys = due.map(({ key }) => key);
    const id = randomUUID();
    const now = new Date(this.clock.now());
    await within
      .insertInto('retention_register')
      .values({
        ...{ destruction_id: id, plan_id: plan.plan_id, kind, rule_version: plan.rule_version },
        ...{ practice_id: practiceId, integrator_id: integratorId },
        ...{ action: retentionSchedule[kind].action, records: keys.length },
        ...{ oldest: due[0]?.at ?? now, newest: due.at(-1)?.at ?? now },
        ...{ decided_by: plan.decided_by, destroyed_at: now },
      })
      .execute();
    if (kind === 'audit-record') await leaveLeaves(within, id, keys);
    await recordSources[kind].destroy(within, keys);
    if (kind === 'person-name') await markErased(within, keys, now);
    await this.audit.record(
      {
        type: 'records.destroyed',
        ...(practiceId !== null && { practice: practiceId }),
        ...(integratorId !== null && { integrator: integratorId }),
        ...{ reason: kind, filter: ruleName(kind, plan.rule_version), requestId: id },
        ...{ count: keys.length },
        ...(plan.subject !== null && { personRef: plan.subject }),
        ...(plan.decided_by !== BY_SCHEDULE && { actorRef: plan.decided_by }),
      },
      within,
    );
  }

  private async end(within: Transaction<Database>, { plan_id: planId }: Plan): Promise<void> {
    const done = await within
      .selectFrom('retention_register')
      .select('destruction_id')
      .where('plan_id', '=', planId)
      .limit(1)
      .executeTakeFirst();
    await within
      .updateTable('retention_plans')
      .set({ state: done ? 'executed' : 'stopped', ended_at: new Date(this.clock.now()) })
      .where('plan_id', '=', planId)
      .execute();
  }
}

/** An index serves either; `is not distinct from` none. */
const sameAs = (column: string, value: string | null) =>
  value === null ? sql`${sql.ref(column)} is null` : sql`${sql.ref(column)} = ${value}`;

/** What is left of a record outlives its row. */
async function leaveLeaves(
  within: Transaction<Database>,
  destructionId: string,
  keys: readonly string[],
): Promise<void> {
  await sql`insert into audit_leaves (leaf_index, seq) select leaf_index, seq from audit_records
    where seq = any(${[...keys]}::bigint[]) and leaf_index is not null`.execute(within);
  await sql`insert into audit_destroyed (leaf_index, destruction_id)
    select leaf_index, ${destructionId} from audit_leaves
    where seq = any(${[...keys]}::bigint[])`.execute(within);
}

async function markErased(
  within: Transaction<Database>,
  keys: readonly string[],
  now: Date,
): Promise<void> {
  await within
    .updateTable('person_places')
    .set({ erased_at: now })
    .where('person_id', 'in', keys)
    .execute();
}
