/**
 * Erasing the name of somebody who has left, before the schedule does it: asked for by an owner, planned like
 * everything else, undone like everything else, and refused while a hold reaches it. The log goes on to speak of them by
 * an id that names nobody.
 */
import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Kysely, sql, type RawBuilder, type Transaction } from 'kysely';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { StepUps } from '#apps/broker/src/people/step-ups.js';
import { recordSources } from '#apps/broker/src/retention/due-records.js';
import { inTurnWithHolds, isFree } from '#apps/broker/src/retention/held-records.js';
import { DAY_MS } from '#apps/broker/src/retention/plan-destructions.js';
import { decisionRefs } from '#apps/broker/src/retention/retention-side.js';
import { retentionSchedule } from '#apps/broker/src/retention/retention-schedule.js';
import {
  RETENTION_WAIT_DAYS,
  type AskedErasure,
  type LeftPerson,
} from '#libs/console-api/retention.js';
import type { StepUp } from '#libs/console-api/session.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

const MOST_SHOWN = 200;

interface Left {
  id: string;
  name: string;
  left_at: Date;
  ends: Date | null;
  is_held: boolean;
}

@Injectable()
export class EraseNames {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly audit: AuditTrail,
    private readonly stepUps: StepUps,
    private readonly clock: Clock,
  ) {}

  /** People of a practice who hold no role anywhere. Of somebody with a role elsewhere nothing is said. */
  async left(practiceId: string): Promise<LeftPerson[]> {
    const { rows } = await sql<Left>`
      select p.person_id as id, p.name, p.updated_at as left_at, min(plan.execute_after) as ends,
        ${isHeld(sql.ref('p.person_id'))} as is_held
      from person_places place join people p using (person_id)
      left join retention_plans plan on plan.subject = p.person_id and plan.state = 'planned'
      where place.practice_id = ${practiceId}
        and not exists (select from person_roles r where r.person_id = p.person_id)
      group by p.person_id order by p.updated_at desc limit ${MOST_SHOWN}`.execute(this.database);
    return rows.map(({ id: personId, name, left_at: leftAt, ends, is_held: held }) => ({
      ...{ personId, name, leftAt: leftAt.toISOString() },
      ...(held ? { isHeld: true as const } : ends && { erasedAfter: ends.toISOString() }),
    }));
  }

  /**
   * Asking twice is one request.
   * @throws ConduitError CONSOLE_ENTRY_NOT_FOUND; PERSON_HAS_ROLES; NAME_HELD; STEP_UP_REFUSED
   */
  async ask(
    practiceId: string,
    person: SignedInPerson,
    subject: string,
    stepUp: StepUp,
  ): Promise<AskedErasure> {
    const action = { type: 'name.erase', practiceId, subjectId: subject };
    await this.stepUps.require(person, action, stepUp);
    const nowMs = this.clock.now();
    return this.database.transaction().execute(async (within) => {
      await inTurnWithHolds(within);
      const leftAt = await this.requireLeft(within, practiceId, subject);
      await requireFree(within, subject);
      const executeAfter = new Date(nowMs + RETENTION_WAIT_DAYS * DAY_MS);
      const planned = await within
        .insertInto('retention_plans')
        .values({
          ...{ plan_id: randomUUID(), kind: 'person-name', practice_id: practiceId, subject },
          ...{ rule_version: retentionSchedule['person-name'].version, integrator_id: null },
          ...{ window_to: new Date(nowMs), records: 1, oldest: leftAt, newest: leftAt },
          ...{ decided_by: person.personId, planned_at: new Date(nowMs) },
          execute_after: executeAfter,
        })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      if (planned.numInsertedOrUpdatedRows === 0n) return this.known(within, subject);
      const act = { type: 'erasure.asked', personRef: subject } as const;
      await this.audit.record({ ...act, ...decisionRefs({ practiceId }, person) }, within);
      return { erasedAfter: executeAfter.toISOString() };
    });
  }

  private async requireLeft(
    within: Transaction<Database>,
    practiceId: string,
    subject: string,
  ): Promise<Date> {
    const found = await within
      .selectFrom('people')
      .innerJoin('person_places as place', 'place.person_id', 'people.person_id')
      .select('people.updated_at')
      .where('people.person_id', '=', subject)
      .where('place.practice_id', '=', practiceId)
      .executeTakeFirst();
    if (!found) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
    const role = await within
      .selectFrom('person_roles')
      .select('person_role_id')
      .where('person_id', '=', subject)
      .executeTakeFirst();
    if (role) throw new ConduitError('PERSON_HAS_ROLES');
    return found.updated_at;
  }

  private async known(within: Transaction<Database>, subject: string): Promise<AskedErasure> {
    const plan = await within
      .selectFrom('retention_plans')
      .select('execute_after')
      .where('subject', '=', subject)
      .where('state', '=', 'planned')
      .executeTakeFirstOrThrow();
    return { erasedAfter: plan.execute_after.toISOString() };
  }
}

const isHeld = (personId: RawBuilder<unknown>): RawBuilder<boolean> =>
  sql<boolean>`exists (select from (${recordSources['person-name'].rows}) x
    where x.key = ${personId} and not ${isFree('person-name')})`;

/** A date that a hold makes untrue is not promised. */
async function requireFree(within: Transaction<Database>, subject: string): Promise<void> {
  const { rows } = await sql<{ is_held: boolean }>`
    select ${isHeld(sql`${subject}`)} as is_held`.execute(within);
  if (rows[0]?.is_held) throw new ConduitError('NAME_HELD');
}
