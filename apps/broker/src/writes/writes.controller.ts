import { Controller, Get, Header, Param, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { callerOf } from '#apps/broker/src/access/caller.js';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { RECEIPT_HEADER } from '#apps/broker/src/edge/answered-names.js';
import { FindWrite, type WriteView } from '#apps/broker/src/writes/find-write.js';
import { Clock } from '#libs/kernel/clock.js';
import { uuid7 } from '#libs/kernel/uuid7.js';

@Controller('integrator/sites/:siteId/writes')
@Policy('integratorKey')
export class WritesController {
  constructor(
    private readonly writes: FindWrite,
    private readonly clock: Clock,
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
    const names = { requestId: request.id, receipt: uuid7(this.clock.now()) };
    const view = await this.writes.execute(callerOf(request), siteId, key, names);
    reply.header(RECEIPT_HEADER, names.receipt);
    return view;
  }
}
