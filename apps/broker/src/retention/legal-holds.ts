/**
 * Holds: what they reach is not destroyed, however long ago it was due or planned. Whoever places one is told what
 * it stops, and what went before it came. A hold that is lifted destroys nothing: what is due then is
 * planned anew, and waits as everything does.
 */
import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Kysely, type Selectable, type Transaction } from 'kysely';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { StepUps } from '#apps/broker/src/people/step-ups.js';
import { inTurnWithHolds } from '#apps/broker/src/retention/held-records.js';
import { HoldReach } from '#apps/broker/src/retention/hold-reach.js';
import { decisionRefs, type RetentionSide } from '#apps/broker/src/retention/retention-side.js';
import { stopPlans } from '#apps/broker/src/retention/stop-plans.js';
import type { HoldTerms, PlacedHold } from '#libs/console-api/retention.js';
import type { ActionText, StepUp } from '#libs/console-api/session.js';
import type { RetentionHoldsTable } from '#libs/db/retention-tables.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

/** Of one side, or of one practice: more is no list anybody looks through. */
export const maxHolds = 200;

@Injectable()
export class LegalHolds {
  private readonly reach = new HoldReach();

  constructor(
    private readonly database: Kysely<Database>,
    private readonly audit: AuditTrail,
    private readonly stepUps: StepUps,
    private readonly clock: Clock,
  ) {}

  /** @throws ConduitError REQUEST_INVALID; CONSOLE_ENTRY_NOT_FOUND for a tenant or site that is not there; HOLDS_FULL */
  async place(
    side: RetentionSide,
    person: SignedInPerson,
    asked: HoldTerms,
    stepUp: StepUp,
  ): Promise<PlacedHold> {
    const terms: HoldTerms = { ...asked, ...side };
    requireSense(terms);
    await this.stepUps.require(person, { type: 'hold.place', ...terms } as ActionText, stepUp);
    return this.database.transaction().execute(async (within) => {
      await inTurnWithHolds(within);
      await requireThere(within, terms);
      await requireRoom(within, side);
      const hold = this.row(side, person, terms);
      await within.insertInto('retention_holds').values(hold).execute();
      const { kind, ...place } = terms;
      const act = { type: 'hold.placed', requestId: hold.hold_id, reason: kind ?? 'all' } as const;
      await this.audit.record({ ...act, ...decisionRefs(place, person) }, within);
      return { holdId: hold.hold_id, ...(await this.reach.of(within, hold)) };
    });
  }

  /** Lifting one twice is one act. @throws ConduitError CONSOLE_ENTRY_NOT_FOUND also for the other side's */
  async lift(
    side: RetentionSide,
    person: SignedInPerson,
    holdId: string,
    stepUp: StepUp,
  ): Promise<void> {
    await this.stepUps.require(person, { type: 'hold.lift', ...side, holdId }, stepUp);
    const now = new Date(this.clock.now());
    await this.database.transaction().execute(async (within) => {
      await inTurnWithHolds(within);
      const hold = await within
        .selectFrom('retention_holds')
        .selectAll()
        .where('hold_id', '=', holdId)
        .where('placed_as', '=', sideWord(side))
        .$if(side.practiceId !== undefined, (own) =>
          own.where('practice_id', '=', side.practiceId ?? ''),
        )
        .executeTakeFirst();
      if (!hold) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
      if (hold.lifted_at !== null) return;
      await within
        .updateTable('retention_holds')
        .set({ lifted_at: now, lifted_by: person.personId })
        .where('hold_id', '=', holdId)
        .execute();
      const tenant = { practiceId: hold.practice_id, integratorId: hold.integrator_id };
      await this.planAnew(within, hold, person, now);
      const act = { type: 'hold.lifted', requestId: holdId, reason: hold.kind ?? 'all' } as const;
      await this.audit.record({ ...act, ...decisionRefs(tenant, person) }, within);
    });
  }

  /** What was held and comes free has not waited yet. */
  private async planAnew(
    within: Transaction<Database>,
    { kind, practice_id: practiceId, integrator_id: integratorId }: Selectable<RetentionHoldsTable>,
    { personId: by }: SignedInPerson,
    now: Date,
  ): Promise<void> {
    // By practice or by integrator: records of the practice that name no software were held too.
    const tenant = practiceId === null ? { integratorId } : { practiceId };
    await stopPlans(within, { kind, ...tenant }, { state: 'stopped', by, now });
    // Somebody with several places may stand under another tenant.
    if (kind === null || kind === 'person-name')
      await stopPlans(
        within,
        { kind: 'person-name', isAsked: false },
        { state: 'stopped', by, now },
      );
  }

  private row(side: RetentionSide, { personId }: SignedInPerson, terms: HoldTerms) {
    return {
      hold_id: randomUUID(),
      practice_id: terms.practiceId ?? null,
      integrator_id: terms.integratorId ?? null,
      site_id: terms.siteId ?? null,
      kind: terms.kind ?? null,
      window_from: terms.from === undefined ? null : new Date(terms.from),
      window_to: terms.to === undefined ? null : new Date(terms.to),
      reason: terms.reason,
      placed_as: sideWord(side),
      placed_by: personId,
      placed_at: new Date(this.clock.now()),
    };
  }
}

const sideWord = ({ practiceId }: RetentionSide): 'practice' | 'operator' =>
  practiceId === undefined ? 'operator' : 'practice';

function requireSense({ practiceId, integratorId, siteId, from, to }: HoldTerms): void {
  if (practiceId === undefined && integratorId === undefined)
    throw invalid('practiceId', 'or integratorId must say whose records are held');
  if (siteId !== undefined && practiceId === undefined)
    throw invalid('practiceId', 'must say whose site it is');
  if (from !== undefined && to !== undefined && Date.parse(from) >= Date.parse(to))
    throw invalid('to', 'must be later than from');
}

async function requireThere(
  within: Transaction<Database>,
  { practiceId, integratorId, siteId }: HoldTerms,
): Promise<void> {
  const practice = within.selectFrom('practices').select('practice_id as id');
  const site = within.selectFrom('sites').select('site_id as id');
  const integrator = within.selectFrom('integrators').select('integrator_id as id');
  const found = [
    practiceId === undefined || (await practice.where('practice_id', '=', practiceId).execute())[0],
    integratorId === undefined ||
      (await integrator.where('integrator_id', '=', integratorId).execute())[0],
    siteId === undefined ||
      (
        await site
          .where('site_id', '=', siteId)
          .where('practice_id', '=', practiceId ?? '')
          .execute()
      )[0],
  ];
  if (found.some((one) => one === undefined)) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
}

async function requireRoom(within: Transaction<Database>, side: RetentionSide): Promise<void> {
  const { holds } = await within
    .selectFrom('retention_holds')
    .select(({ fn }) => fn.countAll<string>().as('holds'))
    .where('lifted_at', 'is', null)
    .where('placed_as', '=', sideWord(side))
    .$if(side.practiceId !== undefined, (own) =>
      own.where('practice_id', '=', side.practiceId ?? ''),
    )
    .executeTakeFirstOrThrow();
  if (Number(holds) >= maxHolds) throw new ConduitError('HOLDS_FULL');
}

const invalid = (field: string, problem: string): ConduitError =>
  new ConduitError('REQUEST_INVALID', { facts: { field, problem } });
