import type { Transaction } from 'kysely';
import { WEBHOOK_TEST } from '#libs/contracts/webhooks.js';
import type { Database } from '#libs/db/schema.js';

/** Takes what waits for an endpoint out of the way while it is paused; tests go on. */
export async function holdDeliveries(
  within: Transaction<Database>,
  webhookId: string,
  nowMs: number,
): Promise<void> {
  const now = new Date(nowMs);
  await within
    .updateTable('webhook_deliveries')
    .set({ state: 'held', ended_at: now })
    .where('webhook_id', '=', webhookId)
    .where('state', '=', 'pending')
    .where('type', '!=', WEBHOOK_TEST)
    // What a node is at this moment delivering tells its own end.
    .where((row) => row.or([row('leased_until', 'is', null), row('leased_until', '<=', now)]))
    .execute();
}
