/** A Redis of a test's own, one server or a cluster, and sight of everything in it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { redisProgram, startRedis } from '#deploy/dev/redis-server.js';
import { openRedis, type RedisConnection } from '#libs/redis/open-redis.js';
import { RedisCluster } from '#test/support/redis-cluster.js';
import { RedisTap } from '#test/support/redis-tap.js';

export class TestRedis {
  readonly client: RedisConnection;

  private constructor(
    readonly url: string,
    private readonly taps: RedisTap[],
    private readonly end: () => Promise<void>,
    readonly cluster?: RedisCluster,
  ) {
    this.client = openRedis(url, 'waits');
  }

  static async single(): Promise<TestRedis> {
    const folder = mkdtempSync(join(tmpdir(), 'conduit-redis-'));
    // One of our own: a configured one is not ours to empty.
    delete process.env['REDIS_URL'];
    const server = await startRedis(folder, () => undefined);
    const end = async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    };
    return new TestRedis(server.url, [await RedisTap.open(server.url)], end);
  }

  static async ofCluster(): Promise<TestRedis> {
    const folder = mkdtempSync(join(tmpdir(), 'conduit-cluster-'));
    const cluster = await RedisCluster.start(folder).catch((error: unknown) => {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    });
    const end = async () => {
      await cluster.stop();
      rmSync(folder, { recursive: true, force: true });
    };
    const taps = await Promise.all(cluster.nodeUrls.map((url) => RedisTap.open(url)));
    return new TestRedis(cluster.url, taps, end, cluster);
  }

  /** Every key on every node. */
  async keys(): Promise<string[]> {
    return (await Promise.all(this.taps.map(({ client }) => client.keys('*')))).flat();
  }

  /** Every key with its value, as the servers themselves write it to disk. */
  async contents(): Promise<string> {
    const parts = await Promise.all(this.taps.map((tap) => tap.contents()));
    return Buffer.concat(parts).toString('latin1');
  }

  /** Every command that any client has sent to any node. */
  get commands(): string {
    return Buffer.concat(this.taps.map((tap) => tap.commands)).toString('latin1');
  }

  async empty(): Promise<void> {
    await Promise.all(this.taps.map(({ client }) => client.flushall()));
  }

  async stop(): Promise<void> {
    for (const tap of this.taps) tap.close();
    this.client.disconnect();
    await this.end();
  }
}

/** Whether this machine has a Redis to start. Where it has none, the reader of the tests is told. */
export function hasRedis(whatIsSkipped: string): boolean {
  try {
    redisProgram();
    return true;
  } catch {
    console.warn(`SKIPPED, redis-server is not installed: ${whatIsSkipped}`);
    return false;
  }
}

/** Both kinds of Redis, for suites that must hold on either. */
export const redisServers = [
  ['a single Redis', () => TestRedis.single()],
  ['a Redis Cluster', () => TestRedis.ofCluster()],
] as const;
