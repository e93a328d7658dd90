import type { Cluster, Redis } from 'ioredis';
import { openRedis, type RedisConnection } from '#libs/redis/open-redis.js';

/**
 * The connection of one queue, which remembers the copies that BullMQ makes of it to block on: one
 * that waits for a lost Redis would otherwise outlive the queue.
 */
export class QueueConnection {
  readonly client: RedisConnection;
  private readonly copies: RedisConnection[] = [];

  /** @param url as libs/redis reads it */
  constructor(url: string) {
    // BullMQ insists: its commands wait for Redis, however long it is away.
    this.client = openRedis(url, 'waits');
    if (this.client.isCluster) this.watchCluster(this.client as Cluster);
    else this.watchRedis(this.client as Redis);
  }

  disconnectAll(): void {
    for (const connection of [this.client, ...this.copies]) connection.disconnect();
  }

  private watchRedis(client: Redis): void {
    const duplicate = client.duplicate.bind(client);
    client.duplicate = (override) => this.keep(duplicate({ ...override, lazyConnect: false }));
  }

  private watchCluster(client: Cluster): void {
    const duplicate = client.duplicate.bind(client);
    client.duplicate = (nodes, override) =>
      this.keep(duplicate(nodes, { ...override, lazyConnect: false }));
  }

  private keep<Connection extends RedisConnection>(copy: Connection): Connection {
    copy.on('error', () => undefined);
    this.copies.push(copy);
    return copy;
  }
}
