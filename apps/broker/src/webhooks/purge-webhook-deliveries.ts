import { Injectable } from '@nestjs/common';
import { Kysely, sql, type SqlBool } from 'kysely';
import { RunsJob } from '#apps/broker/src/jobs/runs-job.decorator.js';
import { heldKeys } from '#apps/broker/src/retention/held-keys.js';
import type { Database } from '#libs/db/schema.js';
import type { JobHandler } from '#libs/queue/job-handlers.js';
import type { JobName } from '#libs/queue/jobs.js';

export const deliveriesKept = 10_000;

/**
 * Forgets deliveries that have ended, all but the newest ten thousand of an endpoint. What is pending stays,
 * however old: it ends by being tried. What is held stays; by their age they go by the retention schedule.
 */
@RunsJob()
@Injectable()
export class PurgeWebhookDeliveries implements JobHandler<JobName> {
  readonly job = 'webhook-delivery.purge';

  constructor(private readonly database: Kysely<Database>) {}

  async execute(): Promise<void> {
    const ranked = this.database
      .selectFrom('webhook_deliveries')
      .select('delivery_id')
      .select(
        sql<string>`row_number() over (partition by webhook_id order by created_at desc)`.as(
          'rank',
        ),
      )
      .where('state', '!=', 'pending');
    await this.database
      .deleteFrom('webhook_deliveries')
      .where('delivery_id', 'in', (row) =>
        row
          .selectFrom(ranked.as('ranked'))
          .select('ranked.delivery_id')
          .where('ranked.rank', '>', String(deliveriesKept)),
      )
      .where(sql<SqlBool>`delivery_id not in (${heldKeys('webhook-delivery')})`)
      .execute();
  }
}
