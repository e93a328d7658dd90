import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { callerOf } from '#apps/broker/src/access/caller.js';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { presentedSecret } from '#apps/broker/src/access/presented-secret.js';
import { QueryAdmission } from '#apps/broker/src/queries/query-admission.js';
import { CancelRegistered } from '#apps/broker/src/registered/cancel-registered.js';
import { FindRegistered } from '#apps/broker/src/registered/find-registered.js';
import { RenewRegistered } from '#apps/broker/src/registered/renew-registered.js';
import { ShowRegistered } from '#apps/broker/src/registered/show-registered.js';
import { RenewRegisteredDto } from '#libs/contracts/registered.js';

/** One registered query. */
@Controller('integrator/sites/:siteId/queries/registered/:queryId')
@Policy('integratorKey')
export class RegisteredQueryController {
  constructor(
    private readonly find: FindRegistered,
    private readonly show: ShowRegistered,
    private readonly admission: QueryAdmission,
    private readonly renew: RenewRegistered,
    private readonly cancel: CancelRegistered,
  ) {}

  @Get()
  async readOne(
    @Param('siteId') siteId: string,
    @Param('queryId') queryId: string,
    @Req() request: FastifyRequest,
  ): Promise<Record<string, unknown>> {
    const row = await this.find.one(request, siteId, queryId);
    return this.show.execute(row, presentedSecret(request));
  }

  @Patch()
  async renewOne(
    @Param('siteId') siteId: string,
    @Param('queryId') queryId: string,
    @Body() terms: RenewRegisteredDto,
    @Req() request: FastifyRequest,
  ): Promise<Record<string, unknown>> {
    const caller = callerOf(request);
    this.admission.require(caller, siteId, request.id, 'registered');
    const row = await this.find.one(request, siteId, queryId);
    const secret = presentedSecret(request);
    const renewed = await this.renew.execute({
      ...{ caller, secret, row, terms },
      requestId: request.id,
    });
    return this.show.execute(renewed, secret);
  }

  @Delete()
  @HttpCode(204)
  async cancelOne(
    @Param('siteId') siteId: string,
    @Param('queryId') queryId: string,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    const row = await this.find.toEnd(request, siteId, queryId);
    await this.cancel.execute(row, request.id);
  }
}
