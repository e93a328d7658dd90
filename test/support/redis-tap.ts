/**
 * Everything that passes through a Redis and everything that rests in it, as bytes to be searched.
 * MONITOR is read from the socket itself: a client library would hand out what it understood.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Redis } from 'ioredis';
import { redisAddress } from '#libs/redis/redis-address.js';

/** MONITOR writes bytes that do not print as `\xNN`; whole pages do not, so this may be many. */
function unescaped(seen: Buffer): Buffer {
  const bytes = Buffer.alloc(seen.length);
  let [length, from] = [0, 0];
  for (let at = seen.indexOf('\\x'); at !== -1; at = seen.indexOf('\\x', from)) {
    length += seen.copy(bytes, length, from, at);
    const digits = seen.toString('latin1', at + 2, at + 4);
    const isByte = /^[0-9a-f]{2}$/.test(digits);
    if (isByte) bytes[length++] = parseInt(digits, 16);
    from = isByte ? at + 4 : at + 2;
  }
  length += seen.copy(bytes, length, from);
  return bytes.subarray(0, length);
}

export class RedisTap {
  private readonly seen: Buffer[] = [];

  private constructor(
    private readonly monitor: Socket,
    readonly client: Redis,
  ) {
    monitor.on('data', (chunk: Buffer) => this.seen.push(chunk));
  }

  /** @param url of one server: `unix:///path/to/redis.sock` or `redis://host:port` */
  static async open(url: string): Promise<RedisTap> {
    const { nodes, options } = redisAddress(url) ?? { nodes: [], options: {} };
    const place = { ...nodes[0], ...options } as { path: string } | { host: string; port: number };
    const monitor = connect(place);
    await once(monitor, 'connect');
    monitor.write('MONITOR\r\n');
    await once(monitor, 'data');
    const client = new Redis(place);
    // A compressed dump could hide what it holds.
    await client.config('SET', 'rdbcompression', 'no');
    return new RedisTap(monitor, client);
  }

  /** Every command that any client has sent since the tap was opened. */
  get commands(): Buffer {
    const all = Buffer.concat(this.seen);
    return Buffer.concat([all, unescaped(all)]);
  }

  /** Every key with its value, as Redis itself writes it to disk. */
  async contents(): Promise<Buffer> {
    const parts: Buffer[] = [];
    let cursor = '0';
    do {
      const [next, keys] = await this.client.scan(cursor, 'COUNT', 1_000);
      for (const key of keys) {
        parts.push(Buffer.from(key), (await this.client.dumpBuffer(key)) ?? Buffer.alloc(0));
      }
      cursor = next;
    } while (cursor !== '0');
    return Buffer.concat(parts);
  }

  close(): void {
    this.monitor.destroy();
    this.client.disconnect();
  }
}
