/** Requests as the practice's pages show them: how long is left by its clock, and what was done by whom. */
import { Injectable } from '@nestjs/common';
import { Kysely, sql, type Selectable, type Transaction } from 'kysely';
import { ActivityPeople } from '#apps/broker/src/activity/activity-people.js';
import { daysLeft } from '#apps/broker/src/privacy-desk/privacy-clock.js';
import {
  MOST_ENDED_SHOWN,
  type PrivacyRequest,
  type PrivacyRequests,
  type PrivacyRequestSummary,
  type PrivacyStep,
} from '#libs/console-api/privacy.js';
import type { PrivacyRequestsTable, PrivacyStepsTable } from '#libs/db/privacy-tables.js';
import { readAudit } from '#libs/db/read-audit.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

type Row = Selectable<PrivacyRequestsTable>;

/** What is not in the register itself. */
interface Around {
  timeZone: string;
  integrators: ReadonlyMap<string, string>;
}

@Injectable()
export class ShowPrivacy {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly people: ActivityPeople,
    private readonly clock: Clock,
  ) {}

  async list(practiceId: string): Promise<PrivacyRequests> {
    const { open, ended } = await this.read(practiceId, async (within) => ({
      open: await requests(within, practiceId)
        .where('ended_at', 'is', null)
        .orderBy('due_on')
        .orderBy('created_at')
        .execute(),
      ended: await requests(within, practiceId)
        .where('ended_at', 'is not', null)
        .orderBy('ended_at', 'desc')
        .limit(MOST_ENDED_SHOWN)
        .execute(),
    }));
    const around = await this.around(practiceId, [...open, ...ended].map(integratorOf));
    const shown = (row: Row): PrivacyRequestSummary => this.summary(row, around);
    return { open: open.map(shown), ended: ended.map(shown) };
  }

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND */
  async one(practiceId: string, requestId: string): Promise<PrivacyRequest> {
    const { row, steps } = await this.read(practiceId, async (within) => ({
      row: await requests(within, practiceId)
        .where('privacy_request_id', '=', requestId)
        .executeTakeFirst(),
      steps: await within
        .selectFrom('privacy_steps')
        .selectAll()
        .where('privacy_request_id', '=', requestId)
        .orderBy('privacy_step_id')
        .execute(),
    }));
    if (!row) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
    const routed = steps.filter(({ kind }) => kind === 'routed').map(({ word }) => word);
    const around = await this.around(practiceId, [integratorOf(row), ...routed]);
    return { ...this.summary(row, around), steps: await this.steps(practiceId, steps, around) };
  }

  /** As the practice: of others' requests the database shows nothing. */
  private read<T>(
    practiceId: string,
    read: (within: Transaction<Database>) => Promise<T>,
  ): Promise<T> {
    return readAudit(this.database, { kind: 'practice', practiceId }, read);
  }

  private async around(practiceId: string, ids: readonly (string | null)[]): Promise<Around> {
    const { time_zone: timeZone } = await this.database
      .selectFrom('practices')
      .select('time_zone')
      .where('practice_id', '=', practiceId)
      .executeTakeFirstOrThrow();
    const wanted = ids.filter((id) => id !== null);
    const rows = await this.database
      .selectFrom('integrators')
      .select(['integrator_id', 'name'])
      .where('integrator_id', '=', sql<string>`any(${wanted}::text[])`)
      .execute();
    return { timeZone, integrators: new Map(rows.map((row) => [row.integrator_id, row.name])) };
  }

  private summary(row: Row, { timeZone, integrators }: Around): PrivacyRequestSummary {
    const { integrator_id: integratorId } = row;
    return {
      requestId: row.privacy_request_id,
      kind: row.kind,
      reference: row.reference,
      receivedOn: row.received_on,
      dueOn: row.due_on,
      daysLeft: daysLeft(row.due_on, this.clock.now(), timeZone),
      ...(row.identity !== null && { identity: row.identity }),
      ...(integratorId !== null && {
        routedTo: { integratorId, name: integrators.get(integratorId) ?? '' },
      }),
      ...(row.outcome !== null && { outcome: row.outcome }),
      ...(row.grounds.length > 0 && { grounds: row.grounds }),
      ...(row.ended_at !== null && { endedAt: row.ended_at.toISOString() }),
    };
  }

  private async steps(
    practiceId: string,
    rows: readonly Selectable<PrivacyStepsTable>[],
    { integrators }: Around,
  ): Promise<PrivacyStep[]> {
    const ids = [...new Set(rows.map((row) => row.person_id))];
    const names = await this.people.names({ kind: 'practice', practiceId }, ids);
    return rows.map(({ at, kind, person_id: personId, word, grounds, note }) => {
      const byName = names.get(personId);
      const said = kind === 'routed' ? (integrators.get(word ?? '') ?? word) : word;
      return {
        ...{ at: at.toISOString(), kind },
        ...(byName !== undefined && { byName }),
        ...(said !== null && { word: said }),
        ...(grounds.length > 0 && { grounds }),
        ...(note !== null && { note }),
      };
    });
  }
}

const requests = (within: Transaction<Database>, practiceId: string) =>
  within.selectFrom('privacy_requests').selectAll().where('practice_id', '=', practiceId);

const integratorOf = ({ integrator_id }: Row): string | null => integrator_id;
