import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { DeliveryLog } from '#apps/broker/src/webhooks/delivery-log.js';
import { FindWebhooks } from '#apps/broker/src/webhooks/find-webhooks.js';
import { Redeliver } from '#apps/broker/src/webhooks/redeliver.js';
import type { WebhookRow } from '#apps/broker/src/webhooks/webhook-view.js';
import type { Deliveries } from '#libs/console-api/integrator.js';
import { ListDeliveriesDto, RedeliverDto } from '#libs/contracts/webhooks.js';

/** What was sent to an endpoint, sending it again, and a test. */
@Controller('console/api/integrators/:integratorId/webhooks/:webhookId')
@Policy('integrator', ['integrator-admin', 'integrator-developer'])
export class EndpointDeliveriesController {
  constructor(
    private readonly find: FindWebhooks,
    private readonly log: DeliveryLog,
    private readonly again: Redeliver,
  ) {}

  @Get('deliveries')
  async list(
    @Param('integratorId') integratorId: string,
    @Param('webhookId') webhookId: string,
    @Query() filter: ListDeliveriesDto,
  ): Promise<Deliveries> {
    await this.own(integratorId, webhookId);
    return (await this.log.list(webhookId, filter)) as unknown as Deliveries;
  }

  @Post('test')
  @HttpCode(202)
  async test(
    @Param('integratorId') integratorId: string,
    @Param('webhookId') webhookId: string,
  ): Promise<{ deliveryId: string }> {
    return { deliveryId: await this.again.test(await this.own(integratorId, webhookId)) };
  }

  @Post('deliveries/:deliveryId/redeliver')
  @HttpCode(202)
  async redeliverOne(
    @Param('integratorId') integratorId: string,
    @Param('webhookId') webhookId: string,
    @Param('deliveryId') deliveryId: string,
  ): Promise<{ deliveryId: string }> {
    await this.again.one(await this.own(integratorId, webhookId), deliveryId);
    return { deliveryId };
  }

  @Post('redeliver')
  @HttpCode(202)
  async redeliverSince(
    @Param('integratorId') integratorId: string,
    @Param('webhookId') webhookId: string,
    @Body() { since }: RedeliverDto,
  ): Promise<{ count: number }> {
    const webhook = await this.own(integratorId, webhookId);
    return { count: await this.again.since(webhook, new Date(since)) };
  }

  /** @throws ConduitError WEBHOOK_NOT_FOUND */
  private own(integratorId: string, webhookId: string): Promise<WebhookRow> {
    return this.find.one({ integratorId, key: {} }, webhookId);
  }
}
