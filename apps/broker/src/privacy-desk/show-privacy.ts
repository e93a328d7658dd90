/** Requests as the practice's pages show them: how long is left by its clock, and what was done by whom. */
import { Injectable } from '@nestjs/common';
import { Kysely, type Selectable } from 'kysely';
import { ActivityPeople } from '#apps/broker/src/activity/activity-people.js';
import { daysLeft } from '#apps/broker/src/privacy-desk/privacy-clock.js';
import {
  MOST_ENDED_SHOWN,
  type PrivacyRequest,
  type PrivacyRequests,
  type PrivacyRequestSummary,
  type PrivacyStep,
} from '#libs/console-api/privacy.js';
import type { PrivacyRequestsTable } from '#libs/db/privacy-tables.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

type Row = Selectable<PrivacyRequestsTable> & {
  integrator_name: string | null;
  time_zone: string;
};

@Injectable()
export class ShowPrivacy {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly people: ActivityPeople,
    private readonly clock: Clock,
  ) {}

  async list(practiceId: string): Promise<PrivacyRequests> {
    const open = await this.rows(practiceId)
      .where('ended_at', 'is', null)
      .orderBy('due_on')
      .orderBy('privacy_requests.created_at')
      .execute();
    const ended = await this.rows(practiceId)
      .where('ended_at', 'is not', null)
      .orderBy('ended_at', 'desc')
      .limit(MOST_ENDED_SHOWN)
      .execute();
    const shown = (row: Row): PrivacyRequestSummary => this.summary(row);
    return { open: open.map(shown), ended: ended.map(shown) };
  }

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND */
  async one(practiceId: string, requestId: string): Promise<PrivacyRequest> {
    const row = await this.rows(practiceId)
      .where('privacy_request_id', '=', requestId)
      .executeTakeFirst();
    if (!row) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
    return { ...this.summary(row), steps: await this.steps(practiceId, requestId) };
  }

  private rows(practiceId: string) {
    return this.database
      .selectFrom('privacy_requests')
      .innerJoin('practices', 'practices.practice_id', 'privacy_requests.practice_id')
      .leftJoin('integrators', 'integrators.integrator_id', 'privacy_requests.integrator_id')
      .selectAll('privacy_requests')
      .select(['integrators.name as integrator_name', 'time_zone'])
      .where('privacy_requests.practice_id', '=', practiceId);
  }

  private summary(row: Row): PrivacyRequestSummary {
    const { integrator_id: integratorId, integrator_name: name } = row;
    return {
      requestId: row.privacy_request_id,
      kind: row.kind,
      reference: row.reference,
      receivedOn: row.received_on,
      dueOn: row.due_on,
      daysLeft: daysLeft(row.due_on, this.clock.now(), row.time_zone),
      ...(row.identity !== null && { identity: row.identity }),
      ...(integratorId !== null && { routedTo: { integratorId, name: name ?? '' } }),
      ...(row.outcome !== null && { outcome: row.outcome }),
      ...(row.grounds.length > 0 && { grounds: row.grounds }),
      ...(row.ended_at !== null && { endedAt: row.ended_at.toISOString() }),
    };
  }

  private async steps(practiceId: string, requestId: string): Promise<PrivacyStep[]> {
    const rows = await this.database
      .selectFrom('privacy_steps')
      .leftJoin('integrators', 'integrators.integrator_id', 'privacy_steps.word')
      .selectAll('privacy_steps')
      .select('integrators.name as integrator_name')
      .where('privacy_request_id', '=', requestId)
      .orderBy('privacy_step_id')
      .execute();
    const ids = [...new Set(rows.map((row) => row.person_id))];
    const names = await this.people.names({ kind: 'practice', practiceId }, ids);
    return rows.map(({ at, kind, person_id: personId, word, grounds, note, ...row }) => {
      const byName = names.get(personId);
      const said = kind === 'routed' ? (row.integrator_name ?? word) : word;
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
