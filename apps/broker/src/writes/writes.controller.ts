import { Controller, Get, Header, Param, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { callerOf } from '#apps/broker/src/access/caller.js';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { RECEIPT_HEADER } from '#apps/broker/src/edge/answered-names.js';
import { ReceiptIds } from '#apps/broker/src/queries/receipt-ids.js';
import { FindWrite, type WriteView } from '#apps/broker/src/writes/find-write.js';

@Controller('integrator/sites/:siteId/writes')
@Policy('integratorKey')
export class WritesController {
  constructor(
    private readonly writes: FindWrite,
    private readonly ids: ReceiptIds,
  ) {}

  /** What became of a write, by its Idempotency-Key. */
  @Get(':key')
  @Header('Cache-Control', 'no-store')
  async readWrite(
    @Param('siteId') siteId: string,
    @Param('key') key: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WriteView> {
    const caller = callerOf(request);
    const names = { requestId: request.id, receipt: this.ids.mint(caller.integratorId) };
    const view = await this.writes.execute(caller, siteId, key, names);
    reply.header(RECEIPT_HEADER, names.receipt);
    return view;
  }
}
