import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { RunsJob } from '#apps/broker/src/jobs/runs-job.decorator.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';
import type { JobHandler } from '#libs/queue/job-handlers.js';
import type { JobName } from '#libs/queue/jobs.js';

/** Kept for whoever asks the day after why a code does not work. */
export const enrolmentCodeKeptMs = 86_400_000;

/**
 * Forgets enrolment codes that were used, or have expired, a day ago. Nobody can tell the difference:
 * such a code is refused as an unknown one is, and the audit trail keeps that it was made and used.
 */
@RunsJob()
@Injectable()
export class PurgeEnrolmentCodes implements JobHandler<JobName> {
  readonly job = 'enrolment-code.purge';

  constructor(
    private readonly database: Kysely<Database>,
    private readonly clock: Clock,
  ) {}

  async execute(): Promise<void> {
    const before = new Date(this.clock.now() - enrolmentCodeKeptMs);
    await this.database
      .deleteFrom('enrolment_codes')
      .where(({ eb, or }) => or([eb('expires_at', '<', before), eb('used_at', '<', before)]))
      .execute();
  }
}
