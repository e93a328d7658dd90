/**
 * Bounds the records of queries that ended: they are kept for a day, but only so many of one
 * integrator, the oldest going first. One that is gone answers so.
 */
import { Injectable } from '@nestjs/common';
import { QueryRecords, recordLifeMs } from '#apps/broker/src/async-queries/query-records.js';
import { RedisScript } from '#apps/broker/src/transient/redis-script.js';
import { TransientStore } from '#apps/broker/src/transient/transient-store.js';
import { Clock } from '#libs/kernel/clock.js';

const KEPT_EACH = 20_000;
const REMOVED_AT_ONCE = 10;

/** Key: ended queries by time. ARGV: query, now, how long one is kept, how many. Answers those to go. */
const noteScript = new RedisScript(`
  redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', tonumber(ARGV[2]) - tonumber(ARGV[3]))
  local over = redis.call('ZCARD', KEYS[1]) - tonumber(ARGV[4])
  if over <= 0 then return {} end
  local gone = redis.call('ZRANGE', KEYS[1], 0, math.min(over, ${REMOVED_AT_ONCE}) - 1)
  redis.call('ZREM', KEYS[1], unpack(gone))
  return gone
`);

@Injectable()
export class EndedRecords {
  constructor(
    private readonly store: TransientStore,
    private readonly records: QueryRecords,
    private readonly clock: Clock,
  ) {}

  async note(integratorId: string, queryId: string): Promise<void> {
    const key = `conduit:ended:{${integratorId}}`;
    const args = [queryId, this.clock.now(), recordLifeMs, KEPT_EACH];
    const over = await this.store.run<string[]>(noteScript, [key], args);
    for (const id of over) await this.records.forget(id);
  }
}
