/**
 * The bytes that rest in the transient store: sealed requests and sealed pages, of each integrator
 * and altogether. What is not given back ends by its own time, so a node that dies leaves no bytes
 * counted for ever. All of it is under one hash tag.
 */
import { Injectable } from '@nestjs/common';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { RedisScript } from '#apps/broker/src/transient/redis-script.js';
import { TransientStore } from '#apps/broker/src/transient/transient-store.js';
import { Clock } from '#libs/kernel/clock.js';

/** Keys: sums, ends, bytes of each holder. */
const KEYS = ['conduit:{held}:sums', 'conduit:{held}:ends', 'conduit:{held}:bytes'] as const;

const SWEPT_AT_ONCE = 100;

/**
 * ARGV: holder, integrator, bytes, when it ends, most of all, most of one. An integrator that holds
 * nothing is let in whatever the size: else a page larger than its share would wait for ever.
 */
const takeScript = new RedisScript(`
  local all = tonumber(redis.call('HGET', KEYS[1], 'all') or '0')
  local own = tonumber(redis.call('HGET', KEYS[1], ARGV[2]) or '0')
  local more = tonumber(ARGV[3])
  if all + more > tonumber(ARGV[5]) and all > 0 then return 0 end
  if own + more > tonumber(ARGV[6]) and own > 0 then return 0 end
  redis.call('HINCRBY', KEYS[1], 'all', more)
  redis.call('HINCRBY', KEYS[1], ARGV[2], more)
  redis.call('HINCRBY', KEYS[3], ARGV[1], more)
  redis.call('ZADD', KEYS[2], ARGV[4], ARGV[1])
  return 1
`);

/** ARGV: holder, integrator, bytes or empty for all that it holds. */
const giveBackScript = new RedisScript(`
  local held = tonumber(redis.call('HGET', KEYS[3], ARGV[1]) or '0')
  if held == 0 then return 0 end
  local less = held
  if ARGV[3] ~= '' and tonumber(ARGV[3]) < held then less = tonumber(ARGV[3]) end
  if less == held then
    redis.call('HDEL', KEYS[3], ARGV[1])
    redis.call('ZREM', KEYS[2], ARGV[1])
  else
    redis.call('HINCRBY', KEYS[3], ARGV[1], -less)
  end
  redis.call('HINCRBY', KEYS[1], 'all', -less)
  if redis.call('HINCRBY', KEYS[1], ARGV[2], -less) <= 0 then redis.call('HDEL', KEYS[1], ARGV[2]) end
  return less
`);

export interface Holder {
  kind: 'request' | 'result';
  id: string;
  integratorId: string;
  siteId: string;
}

@Injectable()
export class TransientBudget {
  constructor(
    private readonly store: TransientStore,
    private readonly config: BrokerConfig,
    private readonly clock: Clock,
  ) {}

  /** @returns false when there is no room for them now */
  async take(holder: Holder, bytes: number, untilMs: number): Promise<boolean> {
    const { maxTransientBytes, maxTransientBytesEach } = this.config;
    const limits = [maxTransientBytes, maxTransientBytesEach];
    const args = [memberOf(holder), holder.integratorId, bytes, untilMs, ...limits];
    return (await this.store.run<number>(takeScript, KEYS, args)) === 1;
  }

  /** @param bytes absent: all that it holds */
  async giveBack(holder: Holder, bytes?: number): Promise<void> {
    const args = [memberOf(holder), holder.integratorId, bytes ?? ''];
    await this.store.run(giveBackScript, KEYS, args);
  }

  /** Changes when a holder ends; one that holds nothing stays out. */
  async holdUntil(holder: Holder, untilMs: number): Promise<void> {
    await this.store.ask((redis) => redis.zadd(KEYS[1], 'XX', untilMs, memberOf(holder)));
  }

  /** Holders whose time is over. */
  async overdue(): Promise<Holder[]> {
    const now = this.clock.now();
    const found = await this.store.ask((redis) =>
      redis.zrangebyscore(KEYS[1], '-inf', now, 'LIMIT', 0, SWEPT_AT_ONCE),
    );
    return found.map(fromMember);
  }
}

function memberOf({ kind, id, integratorId, siteId }: Holder): string {
  return `${kind}:${id}:${integratorId}:${siteId}`;
}

function fromMember(member: string): Holder {
  const [kind = '', id = '', integratorId = '', siteId = ''] = member.split(':');
  return { kind: kind === 'request' ? 'request' : 'result', id, integratorId, siteId };
}
