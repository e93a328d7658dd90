import { Controller, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Caller, callerOf, type CallerIdentity } from '#apps/broker/src/access/caller.js';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { parseJson } from '#apps/broker/src/edge/read-body.js';
import { readAnswerOptions } from '#apps/broker/src/queries/answer-options.js';
import { AnswerQuery } from '#apps/broker/src/queries/answer-query.js';
import { QueryBodies } from '#apps/broker/src/queries/query-bodies.js';
import { QueryAdmission } from '#apps/broker/src/queries/query-admission.js';
import { QueryLedger } from '#apps/broker/src/queries/query-ledger.js';
import { statusView } from '#apps/broker/src/queries/query-view.js';
import { SiteBook } from '#apps/broker/src/sites/site-book.js';
import { ImmediateQueryDto } from '#libs/contracts/command.js';
import { readDto } from '#libs/contracts/read-dto.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

@Controller('integrator/sites/:siteId/queries')
@Policy('integratorKey')
export class QueriesController {
  constructor(
    private readonly admission: QueryAdmission,
    private readonly bodies: QueryBodies,
    private readonly answer: AnswerQuery,
    private readonly ledger: QueryLedger,
    private readonly sites: SiteBook,
  ) {}

  /**
   * The cheap checks come first: key and rate in the guard, then permission, and only then the body.
   * Permission is asked again after it: a body may take minutes.
   */
  @Post('immediate')
  @HttpCode(200)
  async runImmediate(
    @Param('siteId') siteId: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const caller = callerOf(request);
    this.admission.require(caller, siteId, request.id);
    const held = this.bodies.hold(caller.keyId);
    try {
      const body = await held.read(request);
      const options = readAnswerOptions(request);
      const query = readDto(ImmediateQueryDto, parseJson(body));
      const grant = this.admission.admit(caller, siteId, request.id, reply);
      const order = { caller, siteId, requestId: request.id, grant, query, body, options };
      await this.answer.execute(order, reply, request.headers.accept);
    } finally {
      held.release();
    }
  }

  @Get(':queryId')
  readQuery(
    @Param('siteId') siteId: string,
    @Param('queryId') queryId: string,
    @Caller() caller: CallerIdentity,
  ): Record<string, unknown> {
    this.sites.requirePaired(caller, siteId);
    const entry = this.ledger.find(caller.integratorId, siteId, queryId);
    if (!entry) throw new ConduitError('QUERY_NOT_FOUND');
    return statusView(entry);
  }
}
