import { Injectable } from '@nestjs/common';
import { Kysely, type Transaction } from 'kysely';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import type { ClaimedDelivery } from '#apps/broker/src/webhooks/delivery-book.js';
import { holdDeliveries } from '#apps/broker/src/webhooks/hold-deliveries.js';
import {
  pauseAfterMs,
  waitBeforeNextTry,
  type AttemptOutcome,
} from '#apps/broker/src/webhooks/retry-plan.js';
import { isTest } from '#apps/broker/src/webhooks/webhook-body.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';

/** Writes down what came of an attempt, and what that means for the delivery and its endpoint. */
@Injectable()
export class SettleDelivery {
  constructor(
    private readonly kysely: Kysely<Database>,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
    private readonly log: EventLog,
  ) {}

  /** @returns milliseconds to wait before the next try; undefined: it has ended */
  async execute(
    claimed: ClaimedDelivery,
    outcome: AttemptOutcome,
    startedAtMs: number,
  ): Promise<number | undefined> {
    const isDelivered = outcome.error === undefined;
    // A test answers the one who waits for it; it is not tried again.
    const waitMs =
      isDelivered || isTest(claimed.event.type)
        ? undefined
        : waitBeforeNextTry(outcome, claimed.tries, claimed.lastWaitMs);
    const { webhook_id: webhookId } = claimed.endpoint;
    const isPaused = await this.kysely.transaction().execute(async (within) => {
      if (!(await this.close(within, claimed, isDelivered, waitMs))) return false;
      await this.note(within, claimed, outcome, startedAtMs);
      if (isTest(claimed.event.type)) return false;
      if (isDelivered) await this.forgetFailures(within, claimed);
      return isDelivered ? false : this.pauseIfHopeless(within, webhookId);
    });
    if (isPaused) this.log.write('webhook.paused', { webhookId, reason: 'failing' });
    return isPaused ? undefined : waitMs;
  }

  /** Of a paused endpoint nothing is tried. */
  async hold({ deliveryId, leasedUntil }: ClaimedDelivery): Promise<void> {
    await this.kysely
      .updateTable('webhook_deliveries')
      .set({ state: 'held', leased_until: null, ended_at: new Date(this.clock.now()) })
      .where('delivery_id', '=', deliveryId)
      .where('leased_until', '=', leasedUntil)
      .execute();
  }

  /** @returns false when it is not this node's any more */
  private async close(
    within: Transaction<Database>,
    { deliveryId, attempt, tries, leasedUntil }: ClaimedDelivery,
    isDelivered: boolean,
    waitMs: number | undefined,
  ): Promise<boolean> {
    const nowMs = this.clock.now();
    const state = isDelivered ? 'delivered' : waitMs === undefined ? 'failed' : 'pending';
    const changed = await within
      .updateTable('webhook_deliveries')
      .set({
        state,
        attempts: attempt,
        tries,
        leased_until: null,
        ...(waitMs === undefined
          ? { ended_at: new Date(nowMs) }
          : { wait_ms: waitMs, due_at: new Date(nowMs + waitMs) }),
      })
      .where('delivery_id', '=', deliveryId)
      .where('leased_until', '=', leasedUntil)
      .executeTakeFirst();
    return changed.numUpdatedRows > 0n;
  }

  private async note(
    within: Transaction<Database>,
    { deliveryId, attempt }: ClaimedDelivery,
    { statusCode, durationMs, error }: AttemptOutcome,
    startedAtMs: number,
  ): Promise<void> {
    await within
      .insertInto('webhook_attempts')
      .values({
        delivery_id: deliveryId,
        attempt,
        started_at: new Date(startedAtMs),
        duration_ms: durationMs,
        status_code: statusCode ?? null,
        error: error ?? null,
      })
      .execute();
  }

  private async forgetFailures(
    within: Transaction<Database>,
    { endpoint }: ClaimedDelivery,
  ): Promise<void> {
    await within
      .updateTable('webhook_endpoints')
      .set({ failing_since: null })
      .where('webhook_id', '=', endpoint.webhook_id)
      .where('failing_since', 'is not', null)
      .execute();
  }

  /** @returns whether this failure was the one too many */
  private async pauseIfHopeless(
    within: Transaction<Database>,
    webhookId: string,
  ): Promise<boolean> {
    const nowMs = this.clock.now();
    const { failing_since: since, integrator_id: integrator } = await within
      .updateTable('webhook_endpoints')
      .set((row) => ({ failing_since: row.fn.coalesce('failing_since', row.val(new Date(nowMs))) }))
      .where('webhook_id', '=', webhookId)
      .returning(['failing_since', 'integrator_id'])
      .executeTakeFirstOrThrow();
    if (!since || nowMs - since.getTime() < pauseAfterMs) return false;
    const paused = await within
      .updateTable('webhook_endpoints')
      .set({ pause_reason: 'failing', paused_at: new Date(nowMs) })
      .where('webhook_id', '=', webhookId)
      .where('pause_reason', 'is', null)
      .executeTakeFirst();
    if (paused.numUpdatedRows === 0n) return false;
    await holdDeliveries(within, webhookId, nowMs);
    const record = { type: 'webhook.paused', integrator, webhookId, reason: 'failing' } as const;
    await this.audit.record(record, within);
    return true;
  }
}
