import { Controller, Get, Header, Param, Query, Req, Res } from '@nestjs/common';
import { IsOptional, IsString, MaxLength } from 'class-validator';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { callerOf } from '#apps/broker/src/access/caller.js';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { presentedSecret } from '#apps/broker/src/access/presented-secret.js';
import { RECEIPT_HEADER } from '#apps/broker/src/edge/answered-names.js';
import { HoldResult } from '#apps/broker/src/queries/hold-result.js';
import { QueryAdmission } from '#apps/broker/src/queries/query-admission.js';
import { FindRegistered } from '#apps/broker/src/registered/find-registered.js';
import {
  ReadRegisteredResults,
  type Changes,
  type WholeResult,
} from '#apps/broker/src/registered/read-registered-results.js';
import { runView } from '#apps/broker/src/registered/registered-view.js';
import { runSealId } from '#libs/contracts/registered.js';

class ResultsOptionsDto {
  /** A cursor of an answer before. */
  @IsOptional()
  @IsString()
  @MaxLength(200)
  since?: string;
}

/** What the runs of a registered query found. */
@Controller('integrator/sites/:siteId/queries/registered/:queryId')
@Policy('integratorKey')
export class RegisteredResultsController {
  constructor(
    private readonly find: FindRegistered,
    private readonly admission: QueryAdmission,
    private readonly results: ReadRegisteredResults,
    private readonly hold: HoldResult,
  ) {}

  /** Only while the practice permits it: a result may be older than the end of its permission. */
  @Get('results')
  @Header('Cache-Control', 'no-store')
  async readResults(
    @Param('siteId') siteId: string,
    @Param('queryId') queryId: string,
    @Query() { since }: ResultsOptionsDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WholeResult | Changes> {
    const caller = callerOf(request);
    this.admission.require(caller, siteId, request.id, 'registered');
    const held = this.hold.execute(request, reply, siteId);
    const row = await this.find.one(request, siteId, queryId);
    const secret = presentedSecret(request);
    const found = await (since === undefined
      ? this.results.whole(row, secret, held)
      : this.results.since(row, secret, since, held));
    // The run that was read: a later one may have come meanwhile.
    reply.header(RECEIPT_HEADER, runSealId(queryId, Number(row.changed_run)));
    return found;
  }

  @Get('runs')
  async listRuns(
    @Param('siteId') siteId: string,
    @Param('queryId') queryId: string,
    @Req() request: FastifyRequest,
  ): Promise<{ runs: Record<string, unknown>[] }> {
    const runs = await this.find.runs(request, siteId, queryId);
    return { runs: runs.map(runView) };
  }
}
