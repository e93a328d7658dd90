import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Caller, type CallerIdentity } from '#apps/broker/src/access/caller.js';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { ChangeWebhook } from '#apps/broker/src/webhooks/change-webhook.js';
import { CreateWebhook, type MadeWebhook } from '#apps/broker/src/webhooks/create-webhook.js';
import { FindWebhooks } from '#apps/broker/src/webhooks/find-webhooks.js';
import { RotateWebhookSecret } from '#apps/broker/src/webhooks/rotate-webhook-secret.js';
import { webhookView, type WebhookView } from '#apps/broker/src/webhooks/webhook-view.js';
import {
  ChangeWebhookDto,
  CreateWebhookDto,
  RotateWebhookSecretDto,
} from '#libs/contracts/webhooks.js';
import { Clock } from '#libs/kernel/clock.js';

/** An integrator's own endpoints. */
@Controller('integrator/webhooks')
@Policy('integratorKey')
export class WebhooksController {
  constructor(
    private readonly create: CreateWebhook,
    private readonly find: FindWebhooks,
    private readonly change: ChangeWebhook,
    private readonly rotate: RotateWebhookSecret,
    private readonly clock: Clock,
  ) {}

  @Post()
  async createWebhook(
    @Caller() caller: CallerIdentity,
    @Body() order: CreateWebhookDto,
    @Req() { id }: FastifyRequest,
  ): Promise<WebhookView> {
    return this.withSecret(await this.create.execute(caller, order, id));
  }

  @Get()
  async listWebhooks(@Caller() caller: CallerIdentity): Promise<{ webhooks: WebhookView[] }> {
    const rows = await this.find.execute(caller);
    return { webhooks: rows.map((row) => webhookView(row, this.clock.now())) };
  }

  @Get(':webhookId')
  async readWebhook(
    @Caller() caller: CallerIdentity,
    @Param('webhookId') webhookId: string,
  ): Promise<WebhookView> {
    return webhookView(await this.find.one(caller, webhookId), this.clock.now());
  }

  @Patch(':webhookId')
  async changeWebhook(
    @Caller() caller: CallerIdentity,
    @Param('webhookId') webhookId: string,
    @Body() order: ChangeWebhookDto,
    @Req() { id }: FastifyRequest,
  ): Promise<WebhookView> {
    const row = await this.change.execute(caller, webhookId, order, id);
    return webhookView(row, this.clock.now());
  }

  @Delete(':webhookId')
  @HttpCode(204)
  async deleteWebhook(
    @Caller() caller: CallerIdentity,
    @Param('webhookId') webhookId: string,
    @Req() { id }: FastifyRequest,
  ): Promise<void> {
    await this.change.delete(caller, webhookId, id);
  }

  @Post(':webhookId/secret')
  async rotateSecret(
    @Caller() caller: CallerIdentity,
    @Param('webhookId') webhookId: string,
    @Body() order: RotateWebhookSecretDto,
    @Req() { id }: FastifyRequest,
  ): Promise<WebhookView> {
    return this.withSecret(await this.rotate.execute(caller, webhookId, order, id));
  }

  private withSecret({ row, secret }: MadeWebhook): WebhookView {
    return { ...webhookView(row, this.clock.now()), secret };
  }
}
