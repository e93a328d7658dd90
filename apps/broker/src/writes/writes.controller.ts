import { Controller, Get, Header, Param, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { callerOf } from '#apps/broker/src/access/caller.js';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { FindWrite, type WriteView } from '#apps/broker/src/writes/find-write.js';

@Controller('integrator/sites/:siteId/writes')
@Policy('integratorKey')
export class WritesController {
  constructor(private readonly writes: FindWrite) {}

  /** What became of a write, by its Idempotency-Key. */
  @Get(':key')
  @Header('Cache-Control', 'no-store')
  readWrite(
    @Param('siteId') siteId: string,
    @Param('key') key: string,
    @Req() request: FastifyRequest,
  ): Promise<WriteView> {
    return this.writes.execute(callerOf(request), siteId, key, request.id);
  }
}
