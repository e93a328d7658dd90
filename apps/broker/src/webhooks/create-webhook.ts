import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Kysely, type Transaction } from 'kysely';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { lockIntegrator } from '#apps/broker/src/integrators/lock-integrator.js';
import { mayUse } from '#apps/broker/src/webhooks/find-webhooks.js';
import { WebhookSecrets } from '#apps/broker/src/webhooks/webhook-secrets.js';
import { WebhookTarget } from '#apps/broker/src/webhooks/webhook-target.js';
import { actorIn, type WebhookOwner } from '#apps/broker/src/webhooks/webhook-owner.js';
import type { WebhookRow } from '#apps/broker/src/webhooks/webhook-view.js';
import { webhookLimits, type CreateWebhookDto } from '#libs/contracts/webhooks.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

export interface MadeWebhook {
  row: WebhookRow;
  /** Answered once, stored sealed. */
  secret: string;
}

@Injectable()
export class CreateWebhook {
  constructor(
    private readonly kysely: Kysely<Database>,
    private readonly target: WebhookTarget,
    private readonly secrets: WebhookSecrets,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
  ) {}

  /** @throws ConduitError REQUEST_INVALID, KEY_SITE_FORBIDDEN, WEBHOOK_LIMIT */
  async execute(
    caller: WebhookOwner,
    order: CreateWebhookDto,
    requestId: string,
  ): Promise<MadeWebhook> {
    const { url, events = [], siteIds = [], signature = 'halo', paused = false } = order;
    const { country = null } = order;
    if (!mayUse(caller, siteIds)) throw new ConduitError('KEY_SITE_FORBIDDEN');
    await this.target.require(caller.integratorId, order);
    const webhookId = randomUUID();
    const { secret, publicKey, sealed } = this.secrets.make(webhookId);
    const now = new Date(this.clock.now());
    return this.kysely.transaction().execute(async (within) => {
      await this.requireRoom(within, caller.integratorId);
      const row = await within
        .insertInto('webhook_endpoints')
        .values({
          webhook_id: webhookId,
          integrator_id: caller.integratorId,
          url,
          events: JSON.stringify(events),
          site_ids: JSON.stringify(siteIds),
          signature,
          country,
          sealed_secret: sealed,
          public_key: publicKey,
          ...(paused && { pause_reason: 'asked' as const, paused_at: now }),
          created_at: now,
          updated_at: now,
        })
        .returningAll()
        .executeTakeFirstOrThrow();
      const record = { type: 'webhook.created', requestId, webhookId } as const;
      await this.audit.record({ ...record, ...actorIn(caller) }, within);
      return { row, secret };
    });
  }

  private async requireRoom(within: Transaction<Database>, integratorId: string): Promise<void> {
    await lockIntegrator(within, integratorId);
    const { count } = await within
      .selectFrom('webhook_endpoints')
      .select((row) => row.fn.countAll<string>().as('count'))
      .where('integrator_id', '=', integratorId)
      .executeTakeFirstOrThrow();
    if (Number(count) < webhookLimits.endpoints) return;
    throw new ConduitError('WEBHOOK_LIMIT', { facts: { limit: webhookLimits.endpoints } });
  }
}
