import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { Caller, type CallerIdentity } from '#apps/broker/src/access/caller.js';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { DeliveryLog, type DeliveryView } from '#apps/broker/src/webhooks/delivery-log.js';
import { FindWebhooks } from '#apps/broker/src/webhooks/find-webhooks.js';
import { Redeliver } from '#apps/broker/src/webhooks/redeliver.js';
import { ListDeliveriesDto, RedeliverDto } from '#libs/contracts/webhooks.js';

/** What was sent to an endpoint, and sending it again. */
@Controller('integrator/webhooks/:webhookId')
@Policy('integratorKey')
export class DeliveriesController {
  constructor(
    private readonly find: FindWebhooks,
    private readonly log: DeliveryLog,
    private readonly redeliver: Redeliver,
  ) {}

  @Get('deliveries')
  async listDeliveries(
    @Caller() caller: CallerIdentity,
    @Param('webhookId') webhookId: string,
    @Query() filter: ListDeliveriesDto,
  ): Promise<{ deliveries: DeliveryView[]; next?: string }> {
    await this.find.one(caller, webhookId);
    return this.log.list(webhookId, filter);
  }

  @Get('deliveries/:deliveryId')
  async readDelivery(
    @Caller() caller: CallerIdentity,
    @Param('webhookId') webhookId: string,
    @Param('deliveryId') deliveryId: string,
  ): Promise<DeliveryView> {
    await this.find.one(caller, webhookId);
    return this.log.one(webhookId, deliveryId);
  }

  @Post('test')
  @HttpCode(202)
  async sendTest(
    @Caller() caller: CallerIdentity,
    @Param('webhookId') webhookId: string,
  ): Promise<{ deliveryId: string }> {
    return { deliveryId: await this.redeliver.test(await this.find.one(caller, webhookId)) };
  }

  @Post('deliveries/:deliveryId/redeliver')
  @HttpCode(202)
  async redeliverOne(
    @Caller() caller: CallerIdentity,
    @Param('webhookId') webhookId: string,
    @Param('deliveryId') deliveryId: string,
  ): Promise<{ deliveryId: string }> {
    await this.redeliver.one(await this.find.one(caller, webhookId), deliveryId);
    return { deliveryId };
  }

  @Post('redeliver')
  @HttpCode(202)
  async redeliverSince(
    @Caller() caller: CallerIdentity,
    @Param('webhookId') webhookId: string,
    @Body() { since }: RedeliverDto,
  ): Promise<{ count: number }> {
    const webhook = await this.find.one(caller, webhookId);
    return { count: await this.redeliver.since(webhook, new Date(since)) };
  }
}
