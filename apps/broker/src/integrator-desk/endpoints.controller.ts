import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { personOf } from '#apps/broker/src/access/signed-in-person.js';
import { EndpointDesk } from '#apps/broker/src/integrator-desk/endpoint-desk.js';
import type { WebhookOwner } from '#apps/broker/src/webhooks/webhook-owner.js';
import type { Webhook, Webhooks } from '#libs/console-api/integrator.js';
import {
  ChangeWebhookDto,
  CreateWebhookDto,
  RotateWebhookSecretDto,
} from '#libs/contracts/webhooks.js';

/** An integrator's webhook endpoints, as its API has them, for people. */
@Controller('console/api/integrators/:integratorId/webhooks')
@Policy('integrator', ['integrator-admin', 'integrator-developer'])
export class EndpointsController {
  constructor(private readonly desk: EndpointDesk) {}

  @Get()
  list(
    @Param('integratorId') integratorId: string,
    @Req() request: FastifyRequest,
  ): Promise<Webhooks> {
    return this.desk.list(ownerOf(integratorId, request));
  }

  @Post()
  create(
    @Param('integratorId') integratorId: string,
    @Body() order: CreateWebhookDto,
    @Req() request: FastifyRequest,
  ): Promise<Webhook> {
    return this.desk.make(ownerOf(integratorId, request), order, request.id);
  }

  @Patch(':webhookId')
  change(
    @Param('integratorId') integratorId: string,
    @Param('webhookId') webhookId: string,
    @Body() order: ChangeWebhookDto,
    @Req() request: FastifyRequest,
  ): Promise<Webhook> {
    return this.desk.update(ownerOf(integratorId, request), webhookId, order, request.id);
  }

  @Delete(':webhookId')
  @HttpCode(204)
  delete(
    @Param('integratorId') integratorId: string,
    @Param('webhookId') webhookId: string,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    return this.desk.delete(ownerOf(integratorId, request), webhookId, request.id);
  }

  @Post(':webhookId/secret')
  rotateSecret(
    @Param('integratorId') integratorId: string,
    @Param('webhookId') webhookId: string,
    @Body() order: RotateWebhookSecretDto,
    @Req() request: FastifyRequest,
  ): Promise<Webhook> {
    return this.desk.renewSecret(ownerOf(integratorId, request), webhookId, order, request.id);
  }
}

const ownerOf = (integratorId: string, request: FastifyRequest): WebhookOwner => ({
  integratorId,
  key: {},
  personId: personOf(request).personId,
});
