import { Controller, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { SandboxCall } from '#apps/broker/src/integrator-desk/sandbox-call.js';

/** The query console: the body and the answer are those of an immediate query of the API. */
@Controller('console/api/integrators/:integratorId/sites/:siteId/sandbox-queries')
@Policy('integrator', ['integrator-admin', 'integrator-developer'])
export class SandboxController {
  constructor(private readonly sandbox: SandboxCall) {}

  @Post()
  @HttpCode(200)
  run(
    @Param('integratorId') integratorId: string,
    @Param('siteId') siteId: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.sandbox.execute(integratorId, siteId, request, reply);
  }
}
