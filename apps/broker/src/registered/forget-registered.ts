/** Removes what is kept of a registered query: at the integrator's word at once, otherwise in time. */
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { RegisteredBook } from '#apps/broker/src/registered/registered-book.js';
import type { RegisteredRow } from '#apps/broker/src/registered/registered-row.js';
import { RunParts } from '#apps/broker/src/registered/run-parts.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';

/** After its end it can still be looked at, and a completed one's last result be fetched. */
export const keptAfterEndMs = 24 * 3_600_000;
const BATCH = 50;

@Injectable()
export class ForgetRegistered {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly book: RegisteredBook,
    private readonly parts: RunParts,
    private readonly clock: Clock,
  ) {}

  /** All its results in the store; each removal leaves its receipt. */
  async purge(row: RegisteredRow, reason: 'cancelled' | 'expired'): Promise<void> {
    const runs = await this.book.keptRuns(row.registered_id);
    if (row.error_run !== null) runs.push(Number(row.error_run));
    await this.parts.purge(row, runs, reason);
  }

  /** Those that ended long ago: their agent is told at its next sync that they are nobody's. */
  async forgetOld(): Promise<void> {
    const rows = await this.database
      .selectFrom('registered_queries')
      .selectAll()
      .where('state', '!=', 'enabled')
      .where('completed_at', '<', new Date(this.clock.now() - keptAfterEndMs))
      .limit(BATCH)
      .execute();
    for (const row of rows) {
      await this.purge(row, 'expired');
      await this.database
        .deleteFrom('registered_queries')
        .where('registered_id', '=', row.registered_id)
        .execute();
    }
  }
}
