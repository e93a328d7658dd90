/**
 * The register: each step of a request is stored, and recorded in the audit with who did it, in one
 * transaction. Nothing is ever taken out of it here; what was ended by mistake is opened again.
 */
import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Kysely, type Selectable, type Transaction } from 'kysely';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { requireKnown } from '#apps/broker/src/practice-desk/pause-access.js';
import { daysBetween, dueDay } from '#apps/broker/src/privacy-desk/privacy-clock.js';
import type { AuditAction } from '#libs/audit/audit-record.js';
import {
  disclosingOutcomes,
  MOST_DAYS_BACK,
  privacyGrounds,
  privacyOutcomes,
  refusingOutcomes,
  type EndPrivacyRequest,
  type IdentityFinding,
  type PrivacyStepKind,
  type RegisterPrivacyRequest,
} from '#libs/console-api/privacy.js';
import type { PrivacyRequestsTable, PrivacyStepsTable } from '#libs/db/privacy-tables.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';
import { dateThere } from '#libs/kernel/local-day.js';

/** Open ones of one practice, and steps of one request: more is no register any more. */
export const maxOpen = 500;
export const maxSteps = 200;

/** Which request, and who acts on it. */
export interface PrivacyPlace {
  practiceId: string;
  requestId: string;
  personId: string;
}

type Found = Selectable<PrivacyRequestsTable>;
type Details = Partial<Pick<PrivacyStepsTable, 'word' | 'note'>> & { grounds?: string };

@Injectable()
export class PrivacyRegister {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
  ) {}

  /** @throws ConduitError REQUEST_INVALID for a day to come or long gone; LIMIT_REACHED */
  async register(
    practiceId: string,
    personId: string,
    { kind, reference, receivedOn }: RegisterPrivacyRequest,
  ): Promise<string> {
    const requestId = randomUUID();
    await this.database.transaction().execute(async (within) => {
      const { time_zone: timeZone } = await within
        .selectFrom('practices')
        .select('time_zone')
        .where('practice_id', '=', practiceId)
        // Two who register at once count each other.
        .forUpdate()
        .executeTakeFirstOrThrow();
      const age = daysBetween(receivedOn, dateThere(this.clock.now(), timeZone));
      if (age < 0) throw invalid('receivedOn', 'must not be in the future');
      if (age > MOST_DAYS_BACK) throw invalid('receivedOn', 'must be within the last year');
      await this.requireRoom(within, practiceId);
      await within
        .insertInto('privacy_requests')
        .values({
          ...{ privacy_request_id: requestId, practice_id: practiceId, kind, reference },
          ...{ received_on: receivedOn, due_on: dueDay(receivedOn) },
          created_at: new Date(this.clock.now()),
        })
        .execute();
      const place = { practiceId, requestId, personId };
      await this.note(within, place, 'privacy-request.registered', 'registered', { word: kind });
    });
    return requestId;
  }

  /** Who asks is checked, or could not be. */
  identity(place: PrivacyPlace, finding: IdentityFinding): Promise<void> {
    return this.change(place, async (within) => {
      await this.set(within, place, { identity: finding });
      await this.note(within, place, 'privacy-request.changed', 'identity', { word: finding });
    });
  }

  /** @param integratorId absent: back to the practice. @throws ConduitError CONSOLE_ENTRY_NOT_FOUND */
  route(place: PrivacyPlace, integratorId: string | undefined): Promise<void> {
    return this.change(place, async (within) => {
      if (integratorId !== undefined) await requireKnown(within, place.practiceId, integratorId);
      await this.set(within, place, { integrator_id: integratorId ?? null });
      const details = { word: integratorId ?? 'practice' };
      await this.note(within, place, 'privacy-request.changed', 'routed', details);
    });
  }

  /** Also of one that has ended. */
  async addNote(place: PrivacyPlace, text: string): Promise<void> {
    await this.database.transaction().execute(async (within) => {
      await this.find(within, place);
      await this.note(within, place, 'privacy-request.changed', 'noted', { note: text });
    });
  }

  /**
   * @throws ConduitError REQUEST_INVALID for an outcome or a ground that does not fit the kind;
   *   PRIVACY_IDENTITY_UNCHECKED
   */
  end(place: PrivacyPlace, { outcome, grounds = [] }: EndPrivacyRequest): Promise<void> {
    return this.change(place, async (within, { kind, identity }) => {
      const fits = (words: readonly string[], word: string): boolean => words.includes(word);
      if (!fits(privacyOutcomes[kind], outcome))
        throw invalid('outcome', 'is no outcome of such a request');
      if (!grounds.every((ground) => fits(privacyGrounds[kind], ground)))
        throw invalid('grounds', 'must be grounds for such a request');
      if (refusingOutcomes.includes(outcome) !== grounds.length > 0)
        throw invalid('grounds', 'must be given for a refusal, and for nothing else');
      const isChecked = identity !== null && identity !== 'not-established';
      if (disclosingOutcomes.includes(outcome) && !isChecked)
        throw new ConduitError('PRIVACY_IDENTITY_UNCHECKED');
      const ended = { outcome, grounds: JSON.stringify(grounds) };
      await this.set(within, place, { ...ended, ended_at: new Date(this.clock.now()) });
      const details = { word: outcome, grounds: ended.grounds };
      await this.note(within, place, 'privacy-request.ended', 'ended', details);
    });
  }

  /** The clock goes on as if it had not ended. */
  async reopen(place: PrivacyPlace): Promise<void> {
    await this.database.transaction().execute(async (within) => {
      const { ended_at: endedAt } = await this.find(within, place);
      if (endedAt === null) throw new ConduitError('PRIVACY_REQUEST_MOVED_ON');
      await this.set(within, place, { outcome: null, grounds: '[]', ended_at: null });
      await this.note(within, place, 'privacy-request.changed', 'reopened', {});
    });
  }

  private async change(
    place: PrivacyPlace,
    act: (within: Transaction<Database>, found: Found) => Promise<void>,
  ): Promise<void> {
    await this.database.transaction().execute(async (within) => {
      const found = await this.find(within, place);
      if (found.ended_at !== null) throw new ConduitError('PRIVACY_REQUEST_MOVED_ON');
      await act(within, found);
    });
  }

  /** Its row, held until the transaction ends. @throws ConduitError CONSOLE_ENTRY_NOT_FOUND */
  private async find(
    within: Transaction<Database>,
    { practiceId, requestId }: PrivacyPlace,
  ): Promise<Found> {
    const found = await within
      .selectFrom('privacy_requests')
      .selectAll()
      .where('practice_id', '=', practiceId)
      .where('privacy_request_id', '=', requestId)
      .forUpdate()
      .executeTakeFirst();
    if (!found) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
    return found;
  }

  private async requireRoom(within: Transaction<Database>, practiceId: string): Promise<void> {
    const { open } = await within
      .selectFrom('privacy_requests')
      .select(({ fn }) => fn.countAll<string>().as('open'))
      .where('practice_id', '=', practiceId)
      .where('ended_at', 'is', null)
      .executeTakeFirstOrThrow();
    if (Number(open) >= maxOpen) throw new ConduitError('PRIVACY_REGISTER_FULL');
  }

  private async set(
    within: Transaction<Database>,
    { requestId }: PrivacyPlace,
    values: {
      identity?: IdentityFinding;
      integrator_id?: string | null;
      outcome?: EndPrivacyRequest['outcome'] | null;
      grounds?: string;
      ended_at?: Date | null;
    },
  ): Promise<void> {
    await within
      .updateTable('privacy_requests')
      .set(values)
      .where('privacy_request_id', '=', requestId)
      .execute();
  }

  private async note(
    within: Transaction<Database>,
    { practiceId, requestId, personId }: PrivacyPlace,
    type: AuditAction,
    kind: PrivacyStepKind,
    details: Details,
  ): Promise<void> {
    const { steps } = await within
      .selectFrom('privacy_steps')
      .select(({ fn }) => fn.countAll<string>().as('steps'))
      .where('privacy_request_id', '=', requestId)
      .executeTakeFirstOrThrow();
    // To end it there is always room.
    if (Number(steps) >= maxSteps && kind !== 'ended')
      throw new ConduitError('PRIVACY_REGISTER_FULL');
    await within
      .insertInto('privacy_steps')
      .values({
        ...{ privacy_request_id: requestId, person_id: personId, kind, ...details },
        at: new Date(this.clock.now()),
      })
      .execute();
    // What was written in people's own words is in no record.
    const reason = kind === 'routed' ? 'routed' : (details.word ?? kind);
    const integrator =
      kind === 'routed' && details.word !== 'practice'
        ? { integrator: details.word as string }
        : {};
    const record = { type, practice: practiceId, requestId, reason, ...integrator };
    await this.audit.record({ ...record, actorRef: personId }, within);
  }
}

const invalid = (field: string, problem: string): ConduitError =>
  new ConduitError('REQUEST_INVALID', { facts: { field, problem } });
