import { Injectable } from '@nestjs/common';
import { Kysely, type Transaction, type Updateable } from 'kysely';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { FindWebhooks, mayUse } from '#apps/broker/src/webhooks/find-webhooks.js';
import { holdDeliveries } from '#apps/broker/src/webhooks/hold-deliveries.js';
import { WebhookTarget } from '#apps/broker/src/webhooks/webhook-target.js';
import { actorIn, type WebhookOwner } from '#apps/broker/src/webhooks/webhook-owner.js';
import type { WebhookRow } from '#apps/broker/src/webhooks/webhook-view.js';
import type { ChangeWebhookDto } from '#libs/contracts/webhooks.js';
import type { Database, WebhookEndpointsTable } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

/** Changes what its owner decides of an endpoint, or takes it away with its deliveries. */
@Injectable()
export class ChangeWebhook {
  constructor(
    private readonly kysely: Kysely<Database>,
    private readonly webhooks: FindWebhooks,
    private readonly target: WebhookTarget,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
  ) {}

  /** @throws ConduitError WEBHOOK_NOT_FOUND, REQUEST_INVALID, KEY_SITE_FORBIDDEN */
  async execute(
    caller: WebhookOwner,
    webhookId: string,
    change: ChangeWebhookDto,
    requestId: string,
  ): Promise<WebhookRow> {
    const { siteIds } = change;
    if (siteIds && !mayUse(caller, siteIds)) throw new ConduitError('KEY_SITE_FORBIDDEN');
    const { country } = await this.webhooks.one(caller, webhookId);
    await this.target.require(caller.integratorId, change, country);
    return this.kysely.transaction().execute(async (within) => {
      const row = await this.webhooks.one(caller, webhookId, within);
      const changed = await within
        .updateTable('webhook_endpoints')
        .set(this.columnsOf(change, row))
        .where('webhook_id', '=', webhookId)
        .returningAll()
        .executeTakeFirstOrThrow();
      if (change.paused === true) await holdDeliveries(within, webhookId, this.clock.now());
      await this.record(within, 'webhook.changed', caller, webhookId, requestId);
      return changed;
    });
  }

  /** What is under way may still arrive. @throws ConduitError WEBHOOK_NOT_FOUND */
  async delete(caller: WebhookOwner, webhookId: string, requestId: string): Promise<void> {
    await this.webhooks.one(caller, webhookId);
    await this.kysely.transaction().execute(async (within) => {
      // Deliveries before their endpoint, in the order in which the end of an attempt locks them.
      await within.deleteFrom('webhook_deliveries').where('webhook_id', '=', webhookId).execute();
      await this.webhooks.one(caller, webhookId, within);
      await within.deleteFrom('webhook_endpoints').where('webhook_id', '=', webhookId).execute();
      await this.record(within, 'webhook.deleted', caller, webhookId, requestId);
    });
  }

  private columnsOf(
    { url, events, siteIds, country, signature, paused }: ChangeWebhookDto,
    row: WebhookRow,
  ): Updateable<WebhookEndpointsTable> {
    const now = new Date(this.clock.now());
    const begins = paused === false || (url !== undefined && url !== row.url);
    return {
      updated_at: now,
      ...(url !== undefined && { url }),
      ...(events && { events: JSON.stringify(events) }),
      ...(siteIds && { site_ids: JSON.stringify(siteIds) }),
      ...(country && { country }),
      ...(signature && { signature }),
      ...(paused === false && { pause_reason: null, paused_at: null }),
      ...(paused === true &&
        row.pause_reason === null && { pause_reason: 'asked', paused_at: now }),
      // Five days of failure count from now on.
      ...(begins && { failing_since: null }),
    };
  }

  private record(
    within: Transaction<Database>,
    type: 'webhook.changed' | 'webhook.deleted',
    owner: WebhookOwner,
    webhookId: string,
    requestId: string,
  ): Promise<void> {
    return this.audit.record({ type, requestId, webhookId, ...actorIn(owner) }, within);
  }
}
