import { Injectable } from '@nestjs/common';
import { ChangeWebhook } from '#apps/broker/src/webhooks/change-webhook.js';
import { CreateWebhook, type MadeWebhook } from '#apps/broker/src/webhooks/create-webhook.js';
import { FindWebhooks } from '#apps/broker/src/webhooks/find-webhooks.js';
import { RotateWebhookSecret } from '#apps/broker/src/webhooks/rotate-webhook-secret.js';
import type { WebhookOwner } from '#apps/broker/src/webhooks/webhook-owner.js';
import { webhookView, type WebhookRow } from '#apps/broker/src/webhooks/webhook-view.js';
import type { Webhook, Webhooks } from '#libs/console-api/integrator.js';
import { webhookEvents } from '#libs/contracts/webhook-events.js';
import {
  webhookLimits,
  type ChangeWebhookDto,
  type CreateWebhookDto,
  type RotateWebhookSecretDto,
} from '#libs/contracts/webhooks.js';
import { Clock } from '#libs/kernel/clock.js';

/** Endpoints at the console: the same acts as by the API, and the same answers. */
@Injectable()
export class EndpointDesk {
  constructor(
    private readonly creation: CreateWebhook,
    private readonly find: FindWebhooks,
    private readonly change: ChangeWebhook,
    private readonly rotation: RotateWebhookSecret,
    private readonly clock: Clock,
  ) {}

  async list(owner: WebhookOwner): Promise<Webhooks> {
    const rows = await this.find.execute(owner);
    return {
      webhooks: rows.map((row) => this.view(row)),
      limit: webhookLimits.endpoints,
      eventTypes: [...webhookEvents],
    };
  }

  /** @throws ConduitError REQUEST_INVALID, WEBHOOK_LIMIT */
  async make(owner: WebhookOwner, order: CreateWebhookDto, requestId: string): Promise<Webhook> {
    return this.withSecret(await this.creation.execute(owner, order, requestId));
  }

  /** @throws ConduitError WEBHOOK_NOT_FOUND, REQUEST_INVALID */
  async update(
    owner: WebhookOwner,
    webhookId: string,
    order: ChangeWebhookDto,
    requestId: string,
  ): Promise<Webhook> {
    return this.view(await this.change.execute(owner, webhookId, order, requestId));
  }

  /** @throws ConduitError WEBHOOK_NOT_FOUND */
  delete(owner: WebhookOwner, webhookId: string, requestId: string): Promise<void> {
    return this.change.delete(owner, webhookId, requestId);
  }

  /** @throws ConduitError WEBHOOK_NOT_FOUND */
  async renewSecret(
    owner: WebhookOwner,
    webhookId: string,
    order: RotateWebhookSecretDto,
    requestId: string,
  ): Promise<Webhook> {
    return this.withSecret(await this.rotation.execute(owner, webhookId, order, requestId));
  }

  private view(row: WebhookRow): Webhook {
    return webhookView(row, this.clock.now()) as Record<string, unknown> as unknown as Webhook;
  }

  private withSecret({ row, secret }: MadeWebhook): Webhook {
    return { ...this.view(row), secret };
  }
}
