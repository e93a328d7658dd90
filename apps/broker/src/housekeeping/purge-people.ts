import { Injectable } from '@nestjs/common';
import { Kysely, type Transaction } from 'kysely';
import { RunsJob } from '#apps/broker/src/jobs/runs-job.decorator.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';
import type { JobHandler } from '#libs/queue/job-handlers.js';
import type { JobName } from '#libs/queue/jobs.js';

const DAY_MS = 86_400_000;

export const peopleKept = {
  /** For whoever asks why a link does not work. */
  invitationMs: 30 * DAY_MS,
} as const;

/**
 * Forgets what is over: sessions, challenges, invitations with their addresses, and roles of technicians
 * whose time has passed. People without a role go by the retention schedule, which can be held and undone.
 */
@RunsJob()
@Injectable()
export class PurgePeople implements JobHandler<JobName> {
  readonly job = 'people.purge';

  constructor(
    private readonly database: Kysely<Database>,
    private readonly clock: Clock,
  ) {}

  async execute(): Promise<void> {
    const nowMs = this.clock.now();
    const now = new Date(nowMs);
    await this.database
      .deleteFrom('sessions')
      .where(({ eb, or }) => or([eb('ends_at', '<', now), eb('idle_until', '<', now)]))
      .execute();
    for (const table of ['ceremonies', 'step_ups'] as const) {
      await this.database.deleteFrom(table).where('expires_at', '<', now).execute();
    }
    await this.database
      .deleteFrom('invitations')
      .where('expires_at', '<', new Date(nowMs - peopleKept.invitationMs))
      .execute();
    await this.database.transaction().execute((within) => this.endRoles(within, now));
  }

  private async endRoles(within: Transaction<Database>, now: Date): Promise<void> {
    const ended = await within
      .deleteFrom('person_roles')
      .where('expires_at', '<', now)
      .returning('person_id')
      .execute();
    if (ended.length === 0) return;
    await within
      .updateTable('people')
      .set({ updated_at: now })
      .where(
        'person_id',
        'in',
        ended.map((row) => row.person_id),
      )
      .execute();
  }
}
