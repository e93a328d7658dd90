import { Injectable } from '@nestjs/common';
import { EndQuery } from '#apps/broker/src/async-queries/end-query.js';
import { isEnded, type QueryRecord } from '#apps/broker/src/async-queries/query-record.js';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';

/**
 * The caller wants it no more. First the record ends, so that no node begins it; then the node that
 * runs it hears of it and stops it at the database. Should it not hear, its next renewal tells it.
 */
@Injectable()
export class CancelQuery {
  constructor(
    private readonly end: EndQuery,
    private readonly broadcast: Broadcast,
  ) {}

  /** @returns false when it had ended before */
  async execute(record: QueryRecord): Promise<boolean> {
    if (isEnded(record)) return false;
    const set = { errorCode: 'QUERY_CANCELLED', errorType: 'haloLink' } as const;
    const ended = await this.end.execute(record, { state: 'cancelled', set });
    if (ended) await this.broadcast.publish('query.cancelled', record.id);
    return ended;
  }
}
