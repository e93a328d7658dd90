import { leaseMs, SitePresence } from '#apps/broker/src/gateway/site-presence.port.js';
import { openRedis, type RedisConnection } from '#libs/redis/open-redis.js';

const PREFIX = 'conduit:presence:';

/** Deletes the lease only while it still names this node: another may hold the site by now. */
const releaseScript =
  "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0";

export class RedisSitePresence extends SitePresence {
  private readonly redis: RedisConnection;

  constructor(
    url: string,
    private readonly nodeId: string,
  ) {
    super();
    this.redis = openRedis(url, 'asks');
  }

  override async hold(siteIds: string[]): Promise<void> {
    // Not in one pipeline: in a cluster each key may be in another place.
    const taken = siteIds.map((id) => this.redis.set(PREFIX + id, this.nodeId, 'PX', leaseMs));
    await Promise.allSettled(taken);
  }

  override async release(siteIds: string[]): Promise<void> {
    for (const id of siteIds) {
      await this.redis.eval(releaseScript, 1, PREFIX + id, this.nodeId).catch(() => undefined);
    }
  }

  override async close(): Promise<void> {
    this.redis.disconnect();
  }
}
