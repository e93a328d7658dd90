import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import type { MadeWebhook } from '#apps/broker/src/webhooks/create-webhook.js';
import { FindWebhooks } from '#apps/broker/src/webhooks/find-webhooks.js';
import { WebhookSecrets } from '#apps/broker/src/webhooks/webhook-secrets.js';
import { actorIn, type WebhookOwner } from '#apps/broker/src/webhooks/webhook-owner.js';
import { webhookLimits, type RotateWebhookSecretDto } from '#libs/contracts/webhooks.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';

/** A new secret and a new key pair; for a while those before sign too. */
@Injectable()
export class RotateWebhookSecret {
  constructor(
    private readonly kysely: Kysely<Database>,
    private readonly webhooks: FindWebhooks,
    private readonly secrets: WebhookSecrets,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
  ) {}

  /** @throws ConduitError WEBHOOK_NOT_FOUND */
  async execute(
    caller: WebhookOwner,
    webhookId: string,
    order: RotateWebhookSecretDto,
    requestId: string,
  ): Promise<MadeWebhook> {
    const { overlapSeconds = webhookLimits.defaultOverlapSeconds } = order;
    const { secret, publicKey, sealed } = this.secrets.make(webhookId);
    const nowMs = this.clock.now();
    const isStolen = overlapSeconds === 0;
    return this.kysely.transaction().execute(async (within) => {
      const before = await this.webhooks.one(caller, webhookId, within);
      const row = await within
        .updateTable('webhook_endpoints')
        .set({
          sealed_secret: sealed,
          public_key: publicKey,
          // No overlap: whoever asks for that wants the old one to be of no use to anyone.
          previous_sealed_secret: isStolen ? null : before.sealed_secret,
          previous_public_key: isStolen ? null : before.public_key,
          previous_until: isStolen ? null : new Date(nowMs + overlapSeconds * 1_000),
          updated_at: new Date(nowMs),
        })
        .where('webhook_id', '=', webhookId)
        .returningAll()
        .executeTakeFirstOrThrow();
      const type = 'webhook-secret.rotated' as const;
      await this.audit.record({ type, requestId, webhookId, ...actorIn(caller) }, within);
      return { row, secret };
    });
  }
}
