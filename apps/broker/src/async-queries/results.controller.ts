import { Readable } from 'node:stream';
import { Controller, Delete, Get, HttpCode, Param, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { callerOf } from '#apps/broker/src/access/caller.js';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { presentedSecret } from '#apps/broker/src/access/presented-secret.js';
import { FetchPage, type FetchedPage } from '#apps/broker/src/async-queries/fetch-page.js';
import { PurgeResults } from '#apps/broker/src/async-queries/purge-results.js';
import { RECEIPT_HEADER } from '#apps/broker/src/edge/answered-names.js';
import { HoldResult } from '#apps/broker/src/queries/hold-result.js';
import type { PageHeader } from '#libs/contracts/result-page.js';
import { InvalidFields } from '#libs/contracts/read-dto.js';
import { openText, openTextChunks } from '#libs/sealing/page-text.js';

/** A page's text, and its base64 within the answer. */
const HELD_TIMES = 3;
const JSON_TYPE = 'application/json; charset=utf-8';

@Controller('integrator/sites/:siteId/queries/:queryId/results')
@Policy('integratorKey')
export class ResultsController {
  constructor(
    private readonly fetch: FetchPage,
    private readonly purge: PurgeResults,
    private readonly hold: HoldResult,
  ) {}

  @Get(':pageNumber')
  async readPage(
    @Param('siteId') siteId: string,
    @Param('queryId') queryId: string,
    @Param('pageNumber') pageNumber: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Record<string, unknown>> {
    const page = readPageNumber(pageNumber);
    const secret = presentedSecret(request);
    const held = this.hold.execute(request, reply, siteId);
    const order = { caller: callerOf(request), secret, siteId, queryId, page };
    const found = await this.fetch.execute(order);
    // They come with the last of it, so with a page that was fetched before the end there are none.
    const { parameters } = page === 1 ? await this.fetch.outcome(found.record, secret) : {};
    announce(reply, found.record.id, found.page?.header);
    const more = parameters ? { parameters } : {};
    if (!found.page) return more;
    // What it says that it comes to is what it may come to at most.
    await held.add(HELD_TIMES * found.page.header.plainBytes);
    const text = await openText(found.page.opener, found.page);
    return { data: text.toString('base64'), ...more };
  }

  /** The page's own text; a piece is opened when the caller's socket has room for it. */
  @Get(':pageNumber/stream')
  async streamPage(
    @Param('siteId') siteId: string,
    @Param('queryId') queryId: string,
    @Param('pageNumber') pageNumber: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const page = readPageNumber(pageNumber);
    this.hold.execute(request, reply, siteId);
    const secret = presentedSecret(request);
    const order = { caller: callerOf(request), secret, siteId, queryId, page };
    const found = await this.fetch.execute(order);
    announce(reply, found.record.id, found.page?.header);
    reply.header('Content-Type', JSON_TYPE);
    if (found.page) void reply.send(Readable.from(opened(found.page), { objectMode: false }));
    else void reply.send('[]');
  }

  @Delete()
  @HttpCode(204)
  async deleteResults(
    @Param('siteId') siteId: string,
    @Param('queryId') queryId: string,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    await this.purge.execute({ caller: callerOf(request), siteId, queryId });
  }

  @Delete(':pageNumber')
  @HttpCode(204)
  async deletePage(
    @Param('siteId') siteId: string,
    @Param('queryId') queryId: string,
    @Param('pageNumber') pageNumber: string,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    const page = readPageNumber(pageNumber);
    await this.purge.execute({ caller: callerOf(request), siteId, queryId, page });
  }
}

async function* opened({ opener, header, sealed }: FetchedPage): AsyncGenerator<Buffer> {
  yield* openTextChunks(opener, { header, sealed });
}

function announce(reply: FastifyReply, queryId: string, header: PageHeader | undefined): void {
  const { plainBytes = 0, rowsStart = 0, rowsEnd = -1 } = header ?? {};
  reply
    .header('Cache-Control', 'no-store')
    .header(RECEIPT_HEADER, queryId)
    .header('Size', plainBytes)
    .header('Rows-Count', rowsEnd - rowsStart + 1)
    .header('Rows-Range-Start', rowsStart)
    .header('Rows-Range-End', rowsEnd);
}

/** @throws InvalidFields */
function readPageNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidFields([{ field: 'pageNumber', problem: 'must be a whole number from 1' }]);
}
