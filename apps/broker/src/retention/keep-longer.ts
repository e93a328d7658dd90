/**
 * What a practice, or the operator, decides so that something stays: a planned destruction that is undone, a
 * period that is longer than the schedule's. Nothing here can make anything go sooner than the schedule says.
 */
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { StepUps } from '#apps/broker/src/people/step-ups.js';
import { inTurnWithHolds } from '#apps/broker/src/retention/held-records.js';
import { DAY_MS } from '#apps/broker/src/retention/plan-destructions.js';
import { decisionRefs } from '#apps/broker/src/retention/retention-side.js';
import { retentionSchedule } from '#apps/broker/src/retention/retention-schedule.js';
import { stopPlans, type PlansOf } from '#apps/broker/src/retention/stop-plans.js';
import {
  UNDONE_DAYS,
  type ChangePeriodRequest,
  type RetentionKind,
  type UndoneDestruction,
} from '#libs/console-api/retention.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

@Injectable()
export class KeepLonger {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly audit: AuditTrail,
    private readonly stepUps: StepUps,
    private readonly clock: Clock,
  ) {}

  /** Plans of the kind and tenant. Undoing nothing is no act. */
  undo(
    plans: PlansOf & { kind: RetentionKind },
    person: SignedInPerson,
  ): Promise<UndoneDestruction> {
    const nowMs = this.clock.now();
    return this.database.transaction().execute(async (within) => {
      const planIds = await stopPlans(within, plans, {
        ...{ state: 'undone', by: person.personId, now: new Date(nowMs) },
        againAfter: new Date(nowMs + UNDONE_DAYS * DAY_MS),
      });
      if (planIds.length === 0) return { undone: 0, gone: 0 };
      const { gone } = await within
        .selectFrom('retention_register')
        .select(({ fn }) => fn.sum<string | null>('records').as('gone'))
        .where('plan_id', 'in', planIds)
        .executeTakeFirstOrThrow();
      const act = {
        type: 'destruction.undone',
        reason: plans.kind,
        count: planIds.length,
      } as const;
      await this.audit.record({ ...act, ...decisionRefs(plans, person) }, within);
      return { undone: planIds.length, gone: Number(gone ?? 0) };
    });
  }

  /**
   * What is planned under the period of before is planned anew.
   * @throws ConduitError REQUEST_INVALID for a kind without a choice, or days outside the bounds; STEP_UP_REFUSED
   */
  async change(
    practiceId: string,
    person: SignedInPerson,
    { kind, days, stepUp }: ChangePeriodRequest,
  ): Promise<void> {
    const { days: least, longestDays } = retentionSchedule[kind];
    if (longestDays === undefined || days < least || days > longestDays)
      throw new ConduitError('REQUEST_INVALID', {
        facts: { field: 'days', problem: `must be from ${least} to ${longestDays ?? least}` },
      });
    await this.stepUps.require(
      person,
      { type: 'retention.change', practiceId, kind, days },
      stepUp,
    );
    const now = new Date(this.clock.now());
    await this.database.transaction().execute(async (within) => {
      await inTurnWithHolds(within);
      const row = { practice_id: practiceId, kind, days, set_by: person.personId, set_at: now };
      await within
        .insertInto('retention_periods')
        .values(row)
        .onConflict((conflict) => conflict.columns(['practice_id', 'kind']).doUpdateSet(row))
        .execute();
      await stopPlans(within, { kind, practiceId }, { state: 'stopped', by: person.personId, now });
      const act = { type: 'retention.changed', reason: kind, filter: `days=${days}` } as const;
      await this.audit.record({ ...act, ...decisionRefs({ practiceId }, person) }, within);
    });
  }
}
