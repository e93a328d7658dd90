import { Redis } from 'ioredis';
import { leaseMs, SitePresence } from '#apps/broker/src/gateway/site-presence.port.js';

const PREFIX = 'conduit:presence:';

/** Deletes the lease only while it still names this node: another may hold the site by now. */
const releaseScript =
  "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0";

export class RedisSitePresence extends SitePresence {
  private readonly redis: Redis;

  constructor(
    url: string,
    private readonly nodeId: string,
  ) {
    super();
    this.redis = new Redis(url, {
      maxRetriesPerRequest: 1,
      enableOfflineQueue: false,
      lazyConnect: true,
    });
    // Reconnecting is ioredis's business; without a listener an error would end the process.
    this.redis.on('error', () => undefined);
    this.redis.connect().catch(() => undefined);
  }

  override async hold(siteIds: string[]): Promise<void> {
    const commands = siteIds.map((id) => ['set', PREFIX + id, this.nodeId, 'PX', String(leaseMs)]);
    if (commands.length > 0)
      await this.redis
        .pipeline(commands)
        .exec()
        .catch(() => undefined);
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
