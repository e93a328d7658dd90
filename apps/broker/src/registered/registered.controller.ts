import { Controller, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { callerOf } from '#apps/broker/src/access/caller.js';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { presentedSecret } from '#apps/broker/src/access/presented-secret.js';
import { parseJson } from '#apps/broker/src/edge/read-body.js';
import { QueryAdmission } from '#apps/broker/src/queries/query-admission.js';
import { QueryBodies } from '#apps/broker/src/queries/query-bodies.js';
import { CreateRegistered } from '#apps/broker/src/registered/create-registered.js';
import { RegisteredAllowance } from '#apps/broker/src/registered/registered-allowance.js';
import { ShowRegistered } from '#apps/broker/src/registered/show-registered.js';
import { givenKey } from '#apps/broker/src/writes/write-key.js';
import { readDto } from '#libs/contracts/read-dto.js';
import { RegisteredQueryDto } from '#libs/contracts/registered.js';

/** The registered queries of a site. */
@Controller('integrator/sites/:siteId/queries/registered')
@Policy('integratorKey')
export class RegisteredController {
  constructor(
    private readonly admission: QueryAdmission,
    private readonly bodies: QueryBodies,
    private readonly allowance: RegisteredAllowance,
    private readonly create: CreateRegistered,
    private readonly show: ShowRegistered,
  ) {}

  @Post()
  @HttpCode(202)
  async createOne(
    @Param('siteId') siteId: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ id: string }> {
    const caller = callerOf(request);
    this.admission.require(caller, siteId, request.id, 'registered');
    const held = this.bodies.hold(caller.keyId);
    try {
      const idempotencyKey = givenKey(request.headers);
      const body = await held.read(request);
      const query = readDto(RegisteredQueryDto, parseJson(body));
      this.allowance.checkQuery(query);
      const grant = this.admission.admit(caller, siteId, request.id, reply, 'registered');
      const secret = presentedSecret(request);
      const about = { caller, secret, siteId, requestId: request.id, grant };
      return { id: await this.create.execute({ ...about, query, body, idempotencyKey }) };
    } finally {
      held.release();
    }
  }

  @Get()
  async listAll(
    @Param('siteId') siteId: string,
    @Req() request: FastifyRequest,
  ): Promise<{ registeredQueries: Record<string, unknown>[] }> {
    return { registeredQueries: await this.show.all(request, siteId) };
  }
}
