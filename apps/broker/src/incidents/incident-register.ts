/**
 * The register of incidents: each is opened once, changed by whose own it is, and every step of it is kept in
 * order and recorded in the audit log, in the transaction that makes it.
 */
import { createHash, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Kysely, type Selectable, type Transaction } from 'kysely';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { assessmentEndsOn } from '#apps/broker/src/incidents/incident-clock.js';
import type { IncidentAt, IncidentPlace } from '#apps/broker/src/incidents/incident-place.js';
import type { ScopeFound } from '#apps/broker/src/incidents/incident-scope.js';
import type { AuditAction, AuditRecord } from '#libs/audit/audit-record.js';
import type {
  IncidentScope,
  IncidentState,
  OpenIncidentRequest,
  TimelineKind,
} from '#libs/console-api/incidents.js';
import type { IncidentsTable } from '#libs/db/incidents-tables.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { canonicalJson } from '#libs/grants/canonical-json.js';
import { Clock } from '#libs/kernel/clock.js';

/** Steps of one incident: more is no timeline any more. To end it there is always room. */
const MOST_STEPS = 5_000;

export type IncidentRow = Selectable<IncidentsTable>;

export interface IncidentStep {
  kind: TimelineKind;
  type: AuditAction;
  /** Absent: the broker itself. */
  personId?: string;
  word?: string;
  note?: string;
  /** Of the audit record beside what every step says. */
  record?: Partial<AuditRecord>;
}

export interface NewIncident extends Omit<OpenIncidentRequest, 'stepUp'> {
  found: ScopeFound;
  drillSeed?: number;
}

@Injectable()
export class IncidentRegister {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
  ) {}

  /**
   * @returns its id
   * @throws ConduitError INCIDENT_ALREADY_OPEN with the other one's id
   */
  async open({ practiceId, personId }: IncidentPlace, wanted: NewIncident): Promise<string> {
    const incidentId = randomUUID();
    const { found, scope, awareAt, drillSeed } = wanted;
    const key = scopeKey(scope, practiceId, drillSeed);
    const aware = new Date(awareAt);
    await this.database.transaction().execute(async (within) => {
      const opened = await within
        .insertInto('incidents')
        .values({
          ...{ incident_id: incidentId, practice_id: practiceId ?? null, scope_key: key },
          ...{ title: wanted.title, noticed: wanted.noticed, aware_at: aware },
          source: wanted.source ? JSON.stringify(wanted.source) : null,
          ...{ time_zone: found.timeZone, due_on: assessmentEndsOn(aware, found.timeZone) },
          ...{ opened_by: personId, opened_at: this.now() },
          ...{ my_health_record: wanted.myHealthRecord, scope: JSON.stringify(scope) },
          drill_seed: drillSeed ?? null,
        })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      if (opened.numInsertedOrUpdatedRows !== 1n) throw await this.alreadyOpen(within, key);
      if (practiceId === undefined) await noteConcerned(within, incidentId, found.practiceIds);
      const isDrill = drillSeed !== undefined;
      const row = {
        ...{ incident_id: incidentId, practice_id: practiceId ?? null },
        drill_seed: drillSeed ?? null,
      };
      await this.note(within, row, {
        ...{ kind: isDrill ? 'drill-started' : 'opened', type: 'incident.opened', personId },
        word: isDrill ? String(drillSeed) : wanted.noticed,
        ...(!isDrill && { record: { reason: wanted.noticed } }),
      });
    });
    return incidentId;
  }

  /**
   * @param states in which it may be; without: any but closed
   * @throws ConduitError CONSOLE_ENTRY_NOT_FOUND for one that is not their own; INCIDENT_STATE; what `act` throws
   */
  change<T>(
    at: IncidentAt,
    act: (within: Transaction<Database>, row: IncidentRow) => Promise<T>,
    states?: readonly IncidentState[],
  ): Promise<T> {
    return this.database.transaction().execute(async (within) => {
      const row = await this.own(within, at).forUpdate().executeTakeFirst();
      if (!row) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
      const fits = states ? states.includes(row.state) : row.state !== 'closed';
      if (!fits) throw new ConduitError('INCIDENT_STATE', { facts: { reason: row.state } });
      return act(within, row);
    });
  }

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND for one that is not their own */
  async find(at: Omit<IncidentAt, 'personId'>): Promise<IncidentRow> {
    const row = await this.own(this.database, at).executeTakeFirst();
    if (!row) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
    return row;
  }

  /** @throws ConduitError INCIDENT_STATE where it has more steps than anybody reads */
  async note(
    within: Transaction<Database>,
    row: Pick<IncidentRow, 'incident_id' | 'practice_id' | 'drill_seed'>,
    { kind, type, personId, word, note, record }: IncidentStep,
  ): Promise<void> {
    const { incident_id: incidentId, practice_id: practiceId } = row;
    const { steps } = await within
      .selectFrom('incident_steps')
      .select(({ fn }) => fn.countAll<string>().as('steps'))
      .where('incident_id', '=', incidentId)
      .executeTakeFirstOrThrow();
    if (Number(steps) >= MOST_STEPS && kind !== 'closed' && kind !== 'thawed')
      throw new ConduitError('INCIDENT_STATE', { facts: { reason: 'full' } });
    await within
      .insertInto('incident_steps')
      .values({
        ...{ incident_id: incidentId, at: this.now(), kind, person_id: personId ?? null },
        ...{ word: word ?? null, note: note ?? null },
      })
      .execute();
    // What was written in people's own words is in no record.
    await this.audit.record(
      {
        ...{ type, requestId: incidentId, reason: kind },
        ...(practiceId !== null && { practice: practiceId }),
        ...(personId !== undefined && { actorRef: personId }),
        ...record,
        ...(row.drill_seed !== null && { reason: drillReason(record?.reason) }),
      },
      within,
    );
  }

  private own(store: Kysely<Database>, { incidentId, practiceId }: Omit<IncidentAt, 'personId'>) {
    return store
      .selectFrom('incidents')
      .selectAll()
      .where('incident_id', '=', incidentId)
      .where('practice_id', practiceId === undefined ? 'is' : '=', practiceId ?? null);
  }

  private async alreadyOpen(within: Transaction<Database>, key: string): Promise<ConduitError> {
    const other = await within
      .selectFrom('incidents')
      .select('incident_id')
      .where('scope_key', '=', key)
      .where('closed_at', 'is', null)
      .executeTakeFirst();
    const facts = other ? { incidentId: other.incident_id } : {};
    return new ConduitError('INCIDENT_ALREADY_OPEN', { facts });
  }

  now(): Date {
    return new Date(this.clock.now());
  }
}

/** So that nobody takes what was practised for what was done. */
const drillReason = (reason?: string): string =>
  reason === undefined ? 'drill' : `drill ${reason}`;

/** Practices that one of the operator's concerns; they see nothing of it before they are told. */
export async function noteConcerned(
  within: Transaction<Database>,
  incidentId: string,
  practiceIds: readonly string[],
): Promise<void> {
  if (practiceIds.length === 0) return;
  await within
    .insertInto('incident_practices')
    .values(practiceIds.map((practice_id) => ({ incident_id: incidentId, practice_id })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** The same ids are the same incident, whatever window each who opens it has in mind. */
export function scopeKey(scope: IncidentScope, practiceId?: string, drillSeed?: number): string {
  const { from: _, to: __, ...ids } = scope;
  const whose = { practiceId: practiceId ?? null, drillSeed: drillSeed ?? null };
  return createHash('sha256')
    .update(canonicalJson({ ...ids, ...whose }))
    .digest('hex');
}
