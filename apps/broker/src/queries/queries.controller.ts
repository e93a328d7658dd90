import { Controller, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { callerOf } from '#apps/broker/src/access/caller.js';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { ImmediateCall } from '#apps/broker/src/queries/immediate-call.js';

@Controller('integrator/sites/:siteId/queries')
@Policy('integratorKey')
export class QueriesController {
  constructor(private readonly call: ImmediateCall) {}

  @Post('immediate')
  @HttpCode(200)
  runImmediate(
    @Param('siteId') siteId: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.call.execute(callerOf(request), siteId, request, reply);
  }
}
