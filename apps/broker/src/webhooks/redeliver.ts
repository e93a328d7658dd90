import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import type { DueDelivery } from '#apps/broker/src/webhooks/record-webhook-events.js';
import { WakeDeliveries } from '#apps/broker/src/webhooks/wake-deliveries.js';
import type { WebhookRow } from '#apps/broker/src/webhooks/webhook-view.js';
import { WEBHOOK_TEST } from '#libs/contracts/webhooks.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

/** Deliveries that somebody asks for: again, or as a test. */
@Injectable()
export class Redeliver {
  constructor(
    private readonly kysely: Kysely<Database>,
    private readonly wake: WakeDeliveries,
    private readonly clock: Clock,
  ) {}

  /**
   * One delivery again, whatever became of it, with ten new tries.
   * @throws ConduitError WEBHOOK_DELIVERY_NOT_FOUND, WEBHOOK_PAUSED
   */
  async one(webhook: WebhookRow, deliveryId: string): Promise<void> {
    requireUnpaused(webhook);
    const due = await this.again(webhook, deliveryId, undefined);
    if (due.length === 0) throw new ConduitError('WEBHOOK_DELIVERY_NOT_FOUND');
    await this.wake.now(due);
  }

  /**
   * All that has not arrived of what happened since then.
   * @returns how many
   * @throws ConduitError WEBHOOK_PAUSED
   */
  async since(webhook: WebhookRow, since: Date): Promise<number> {
    requireUnpaused(webhook);
    const due = await this.again(webhook, undefined, since);
    await this.wake.now(due);
    return due.length;
  }

  /** A test that still waits is not joined by another. @returns its delivery's id */
  async test({ webhook_id: webhookId }: WebhookRow): Promise<string> {
    const waiting = await this.kysely
      .selectFrom('webhook_deliveries')
      .select('delivery_id')
      .where('webhook_id', '=', webhookId)
      .where('type', '=', WEBHOOK_TEST)
      .where('state', '=', 'pending')
      .executeTakeFirst();
    const deliveryId = waiting?.delivery_id ?? randomUUID();
    const now = new Date(this.clock.now());
    if (!waiting) {
      const event = { event_id: randomUUID(), type: WEBHOOK_TEST, occurred_at: now };
      await this.kysely
        .insertInto('webhook_deliveries')
        .values({
          delivery_id: deliveryId,
          webhook_id: webhookId,
          ...event,
          site_id: null,
          query_id: null,
          grant_id: null,
          state: 'pending',
          due_at: now,
          leased_until: null,
          created_at: now,
          ended_at: null,
        })
        .execute();
    }
    await this.wake.now([{ deliveryId, webhookId }]);
    return deliveryId;
  }

  private async again(
    { webhook_id: webhookId }: WebhookRow,
    deliveryId: string | undefined,
    since: Date | undefined,
  ): Promise<DueDelivery[]> {
    let query = this.kysely
      .updateTable('webhook_deliveries')
      .set({
        state: 'pending',
        tries: 0,
        wait_ms: 0,
        due_at: new Date(this.clock.now()),
        ended_at: null,
      })
      .where('webhook_id', '=', webhookId)
      .where('type', '!=', WEBHOOK_TEST);
    if (deliveryId !== undefined) query = query.where('delivery_id', '=', deliveryId);
    if (since) {
      query = query.where('occurred_at', '>=', since).where('state', 'in', ['failed', 'held']);
    }
    const rows = await query.returning('delivery_id').execute();
    return rows.map((row) => ({ deliveryId: row.delivery_id, webhookId }));
  }
}

function requireUnpaused({ pause_reason: reason }: WebhookRow): void {
  if (reason !== null) throw new ConduitError('WEBHOOK_PAUSED', { facts: { reason } });
}
