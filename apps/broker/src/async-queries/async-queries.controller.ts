import { Controller, Delete, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { callerOf } from '#apps/broker/src/access/caller.js';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { presentedSecret } from '#apps/broker/src/access/presented-secret.js';
import { AsyncSubmits } from '#apps/broker/src/async-queries/async-submits.js';
import { CancelQuery } from '#apps/broker/src/async-queries/cancel-query.js';
import { FindQuery } from '#apps/broker/src/async-queries/find-query.js';
import { QueryStatuses } from '#apps/broker/src/async-queries/query-statuses.js';
import { ShowQuery } from '#apps/broker/src/async-queries/show-query.js';
import { RECEIPT_HEADER } from '#apps/broker/src/edge/answered-names.js';
import { parseJson, readBody, SMALL_BODY_BYTES } from '#apps/broker/src/edge/read-body.js';
import { StatusBatchDto } from '#libs/contracts/query-status.js';
import { readDto } from '#libs/contracts/read-dto.js';

type View = Record<string, unknown>;

@Controller('integrator/sites/:siteId/queries')
@Policy('integratorKey')
export class AsyncQueriesController {
  constructor(
    private readonly submits: AsyncSubmits,
    private readonly statuses: QueryStatuses,
    private readonly find: FindQuery,
    private readonly cancel: CancelQuery,
    private readonly show: ShowQuery,
  ) {}

  @Post('async')
  @HttpCode(201)
  submit(
    @Param('siteId') siteId: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<View> {
    return this.submits.execute(siteId, request, reply);
  }

  @Get(':queryId')
  async readQuery(
    @Param('siteId') siteId: string,
    @Param('queryId') queryId: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<View> {
    const secret = presentedSecret(request);
    const view = await this.statuses.one(callerOf(request), secret, siteId, queryId);
    reply.header(RECEIPT_HEADER, queryId);
    return view;
  }

  @Post('status')
  @HttpCode(200)
  async readStatuses(
    @Param('siteId') siteId: string,
    @Req() request: FastifyRequest,
  ): Promise<{ results: View[] }> {
    const body = parseJson(await readBody(request, SMALL_BODY_BYTES));
    const { queryIds } = readDto(StatusBatchDto, body);
    const caller = callerOf(request);
    const secret = presentedSecret(request);
    return { results: await this.statuses.many(caller, secret, siteId, queryIds) };
  }

  /** Again is harmless: it answers what became of it. */
  @Delete(':queryId')
  async cancelQuery(
    @Param('siteId') siteId: string,
    @Param('queryId') queryId: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<View> {
    const caller = callerOf(request);
    const isCancelled = await this.cancel.execute(await this.find.toEnd(caller, siteId, queryId));
    reply.header(RECEIPT_HEADER, queryId);
    // One that had ended before may have found something, which nobody who is frozen is told.
    const record = isCancelled
      ? await this.find.toEnd(caller, siteId, queryId)
      : await this.find.execute(caller, siteId, queryId);
    return this.show.execute(record, presentedSecret(request));
  }
}
