import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { RunsJob } from '#apps/broker/src/jobs/runs-job.decorator.js';
import { daysLeft } from '#apps/broker/src/privacy-desk/privacy-clock.js';
import { PrivacyMail } from '#apps/broker/src/privacy-desk/privacy-mail.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';
import type { JobHandler } from '#libs/queue/job-handlers.js';
import type { JobName } from '#libs/queue/jobs.js';

/** Days that are left at each reminder; the last comes on the first day after the clock has run out. */
const REMINDERS = [10, 3, -1] as const;
/** Requests looked at in one run; the next hour looks at more. */
const BATCH = 500;
/** Time zones span this much: nobody's tenth day is missed. */
const AHEAD_MS = 12 * 86_400_000;

/**
 * Reminds a practice of requests whose clock runs out, three times at most. What a mail server would not
 * take yet is sent again; a crash in between may send a reminder twice, never none.
 */
@RunsJob()
@Injectable()
export class RemindPrivacy implements JobHandler<JobName> {
  readonly job = 'privacy-request.remind';

  constructor(
    private readonly database: Kysely<Database>,
    private readonly mail: PrivacyMail,
    private readonly clock: Clock,
  ) {}

  async execute(): Promise<void> {
    const now = this.clock.now();
    const due = await this.database
      .selectFrom('privacy_requests')
      .innerJoin('practices', 'practices.practice_id', 'privacy_requests.practice_id')
      .select(['privacy_request_id', 'privacy_requests.practice_id', 'kind', 'due_on'])
      .select(['reminded', 'time_zone'])
      .where('ended_at', 'is', null)
      .where('reminded', '<', REMINDERS.length)
      .where('due_on', '<=', new Date(now + AHEAD_MS).toISOString().slice(0, 10))
      .orderBy('reminded')
      .orderBy('due_on')
      .limit(BATCH)
      .execute();
    for (const row of due) {
      const left = daysLeft(row.due_on, now, row.time_zone);
      // One that was entered late gets the one letter that fits.
      const reached = REMINDERS.filter((days) => left <= days).length;
      if (reached <= row.reminded) continue;
      const { practice_id: practiceId, privacy_request_id: requestId, kind, due_on: dueOn } = row;
      if (!(await this.mail.remind({ practiceId, requestId, kind, dueOn, daysLeft: left })))
        continue;
      await this.database
        .updateTable('privacy_requests')
        .set({ reminded: reached })
        .where('privacy_request_id', '=', requestId)
        .execute();
    }
  }
}
