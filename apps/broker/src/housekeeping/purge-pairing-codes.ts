import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { RunsJob } from '#apps/broker/src/jobs/runs-job.decorator.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';
import type { JobHandler } from '#libs/queue/job-handlers.js';
import type { JobName } from '#libs/queue/jobs.js';

/** Kept for whoever asks the day after why a code does not work. */
export const pairingCodeKeptMs = 86_400_000;

/**
 * Forgets pairing codes that have expired a day ago. A redeemed one is kept until then too: until it
 * expires, the integrator that asks again with it is given the same access request.
 */
@RunsJob()
@Injectable()
export class PurgePairingCodes implements JobHandler<JobName> {
  readonly job = 'pairing-code.purge';

  constructor(
    private readonly database: Kysely<Database>,
    private readonly clock: Clock,
  ) {}

  async execute(): Promise<void> {
    await this.database
      .deleteFrom('pairing_codes')
      .where('expires_at', '<', new Date(this.clock.now() - pairingCodeKeptMs))
      .execute();
  }
}
