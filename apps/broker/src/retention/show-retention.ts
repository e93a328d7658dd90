/**
 * The schedule with what is planned, held and gone: a practice's own, or counts of all for the operator. The
 * database shows each reader its rows alone (libs/db/read-audit.ts).
 */
import { Injectable } from '@nestjs/common';
import { Kysely, sql, type Selectable, type Transaction } from 'kysely';
import { ActivityPeople } from '#apps/broker/src/activity/activity-people.js';
import { asDestructions } from '#apps/broker/src/retention/register-entries.js';
import { RetentionNames, type TenantNames } from '#apps/broker/src/retention/retention-names.js';
import {
  keptRecords,
  retentionSchedule,
  sweptRecords,
} from '#apps/broker/src/retention/retention-schedule.js';
import { scopeOfSide, type RetentionSide } from '#apps/broker/src/retention/retention-side.js';
import {
  MOST_REGISTER_SHOWN,
  retentionKinds,
  type HoldView,
  type OperatorRetention,
  type PracticeRetention,
  type RetentionRuleView,
  type TenantPlan,
} from '#libs/console-api/retention.js';
import { readAudit } from '#libs/db/read-audit.js';
import type {
  RetentionHoldsTable,
  RetentionPlansTable,
  RetentionRegisterTable,
} from '#libs/db/retention-tables.js';
import type { Database } from '#libs/db/schema.js';

const MOST_PLANS = 200;
/** Entries looked at for the newest plans: a plan of many records has one for each batch. */
const MOST_ENTRIES = 5_000;

type Hold = Selectable<RetentionHoldsTable>;
type Plan = Selectable<RetentionPlansTable>;

interface Found {
  holds: Hold[];
  plans: Plan[];
  plansTotal: number;
  sums: Pick<RetentionRuleView, 'kind' | 'next'>[];
  entries: Selectable<RetentionRegisterTable>[];
  periods: { kind: string; days: number }[];
}

@Injectable()
export class ShowRetention {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly people: ActivityPeople,
    private readonly names: RetentionNames,
  ) {}

  async practice(practiceId: string): Promise<Omit<PracticeRetention, 'left'>> {
    const found = await this.read({ practiceId });
    return this.shown({ practiceId }, found);
  }

  async operator(): Promise<OperatorRetention> {
    const found = await this.read({});
    const names = await this.names.of([...found.plans, ...found.entries, ...found.holds]);
    return {
      ...(await this.shown({}, found, names)),
      plans: found.plans.map((plan) => planView(plan, names)),
      plansTotal: found.plansTotal,
    };
  }

  private read(side: RetentionSide): Promise<Found> {
    return readAudit(this.database, scopeOfSide(side), async (within) => ({
      ...(await readPlans(within)),
      holds: await within
        .selectFrom('retention_holds')
        .selectAll()
        .orderBy(sql`lifted_at is not null`)
        .orderBy('placed_at', 'desc')
        .limit(MOST_REGISTER_SHOWN)
        .execute(),
      entries: await within
        .selectFrom('retention_register')
        .selectAll()
        .orderBy('destroyed_at', 'desc')
        .limit(MOST_ENTRIES)
        .execute(),
      periods:
        side.practiceId === undefined
          ? []
          : await within.selectFrom('retention_periods').select(['kind', 'days']).execute(),
    }));
  }

  private async shown(side: RetentionSide, found: Found, names?: TenantNames) {
    const { holds, sums, entries, periods } = found;
    const own = side.practiceId === undefined ? 'operator' : 'practice';
    const who = await this.people.names(
      scopeOfSide(side),
      holds.map(({ placed_by: personId }) => personId),
    );
    // A practice that held something of one software or site sees which.
    const known = names ?? (await this.names.of(holds));
    const register = asDestructions(entries, (entry) => (names ? names.tenant(entry) : {}));
    return {
      rules: retentionKinds.map((kind): RetentionRuleView => {
        const days = periods.find((one) => one.kind === kind)?.days;
        const next = sums.find((one) => one.kind === kind)?.next;
        return {
          ...{ kind, ...retentionSchedule[kind] },
          ...(days !== undefined && days > retentionSchedule[kind].days && { ownDays: days }),
          ...(next && { next }),
        };
      }),
      ...{ swept: [...sweptRecords], kept: [...keptRecords] },
      holds: holds.map((hold) => holdView(hold, own, who.get(hold.placed_by), known)),
      register: register.slice(0, MOST_REGISTER_SHOWN),
    };
  }
}

async function readPlans(within: Transaction<Database>) {
  const open = within.selectFrom('retention_plans').where('state', '=', 'planned');
  const sums = await open
    .select(['kind'])
    .select(({ fn }) => [
      fn.sum<string>('records').as('records'),
      fn.countAll<string>().as('plans'),
      fn.min('oldest').as('oldest'),
      fn.max('newest').as('newest'),
      fn.min('execute_after').as('execute_after'),
    ])
    .groupBy('kind')
    .execute();
  return {
    plans: await open.selectAll().orderBy('execute_after').limit(MOST_PLANS).execute(),
    plansTotal: sums.reduce((total, { plans }) => total + Number(plans), 0),
    sums: sums.map(({ kind, ...sum }) => ({ kind, next: nextOf(sum) })),
  };
}

const nextOf = (plan: {
  records: string;
  oldest: Date | null;
  newest: Date | null;
  execute_after: Date;
}) => ({
  records: Number(plan.records),
  ...(plan.oldest && { oldest: plan.oldest.toISOString() }),
  ...(plan.newest && { newest: plan.newest.toISOString() }),
  executeAfter: plan.execute_after.toISOString(),
});

const planView = (plan: Plan, names: TenantNames): TenantPlan => ({
  ...{ planId: plan.plan_id, kind: plan.kind },
  ...nextOf(plan),
  ...(plan.practice_id !== null && { practiceId: plan.practice_id }),
  ...(plan.integrator_id !== null && { integratorId: plan.integrator_id }),
  ...names.tenant(plan),
});

function holdView(
  hold: Hold,
  own: Hold['placed_as'],
  placedBy: string | undefined,
  names: TenantNames,
): HoldView {
  const { practiceName, integratorName } = names.tenant(hold);
  const siteName = hold.site_id === null ? undefined : names.sites.get(hold.site_id);
  return {
    ...{ holdId: hold.hold_id, placedAs: hold.placed_as, placedAt: hold.placed_at.toISOString() },
    ...(own === 'operator' && practiceName !== undefined && { practiceName }),
    ...(integratorName !== undefined && { integratorName }),
    ...(siteName !== undefined && { siteName }),
    ...(hold.kind !== null && { kind: hold.kind }),
    ...(hold.window_from !== null && { from: hold.window_from.toISOString() }),
    ...(hold.window_to !== null && { to: hold.window_to.toISOString() }),
    ...(hold.placed_as === own && { reason: hold.reason }),
    ...(placedBy !== undefined && { placedBy }),
    ...(hold.lifted_at !== null && { liftedAt: hold.lifted_at.toISOString() }),
  };
}
