import { Redis, type RedisOptions } from 'ioredis';

/** ioredis waits so long for the end of a socket, even of one that broke before. */
const GOODBYE_MS = 100;

/**
 * The connection of one queue, which remembers the copies that BullMQ makes of it to block on: one
 * that waits for a lost Redis would otherwise outlive the queue.
 */
export class QueueConnection extends Redis {
  private readonly copies: Redis[] = [];

  /** @param url `redis[s]://…` or `unix:///path` */
  constructor(url: string) {
    // BullMQ insists on null: its commands wait for Redis, however long it is away.
    super(url, { maxRetriesPerRequest: null, lazyConnect: true, disconnectTimeout: GOODBYE_MS });
  }

  override duplicate(override?: Partial<RedisOptions>): Redis {
    const copy = super.duplicate({ ...override, lazyConnect: false });
    copy.on('error', () => undefined);
    this.copies.push(copy);
    return copy;
  }

  disconnectAll(): void {
    for (const connection of [this, ...this.copies]) connection.disconnect();
  }
}
