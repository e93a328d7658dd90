/** A real Redis Cluster of three nodes on free ports of this machine, all in one temporary folder. */
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { ChildProgram } from '#deploy/dev/child-program.js';
import { redisProgram } from '#deploy/dev/redis-server.js';

const SLOTS = 16_384;
const NODES = 3;

interface ClusterNode {
  port: number;
  busPort: number;
  program: ChildProgram;
}

export class RedisCluster {
  private constructor(
    private readonly folder: string,
    private readonly nodes: ClusterNode[],
  ) {}

  /** @param folder which the caller removes */
  static async start(folder: string): Promise<RedisCluster> {
    const ports = await freePorts(NODES * 2);
    const cluster = new RedisCluster(folder, []);
    try {
      for (let n = 0; n < NODES; n += 1) {
        const [port = 0, busPort = 0] = ports.slice(n * 2);
        const program = await cluster.startNode(port, busPort);
        cluster.nodes.push({ port, busPort, program });
      }
      await cluster.form();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  /** As the setting of a broker has it. */
  get url(): string {
    return `redis-cluster://${this.nodes.map(({ port }) => `127.0.0.1:${port}`).join()}`;
  }

  /** Of each node alone. */
  get nodeUrls(): string[] {
    return this.nodes.map(({ port }) => `redis://127.0.0.1:${port}`);
  }

  /** The node that keeps this key dies and comes back, empty, at the same place. */
  async restartKeeperOf(key: string): Promise<void> {
    const keeper = await this.keeperOf(key);
    await keeper.program.kill();
    keeper.program = await this.startNode(keeper.port, keeper.busPort);
    await this.agree();
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map(({ program }) => program.kill()));
  }

  private async startNode(port: number, busPort: number): Promise<ChildProgram> {
    const folder = join(this.folder, String(port));
    mkdirSync(folder, { recursive: true });
    return ChildProgram.start({
      name: 'Redis',
      command: redisProgram(),
      args: [
        ...['--port', String(port), '--cluster-port', String(busPort), '--bind', '127.0.0.1'],
        ...['--cluster-enabled', 'yes', '--cluster-config-file', 'nodes.conf'],
        ...['--cluster-node-timeout', '2000', '--dir', folder],
        ...['--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'],
      ],
      logFile: join(folder, 'redis.log'),
      isReadyLine: (line) => line.includes('eady to accept connections'),
      readyWithinMs: 10_000,
    });
  }

  private async form(): Promise<void> {
    const share = Math.ceil(SLOTS / NODES);
    const [first] = this.nodes;
    for (const [n, node] of this.nodes.entries()) {
      const last = Math.min(SLOTS, (n + 1) * share) - 1;
      await this.ask(node, 'CLUSTER', 'ADDSLOTSRANGE', n * share, last);
      if (node === first || !first) continue;
      await this.ask(first, 'CLUSTER', 'MEET', '127.0.0.1', node.port, node.busPort);
    }
    await this.agree();
  }

  /** Until every node says that all slots are served. */
  private async agree(): Promise<void> {
    for (const node of this.nodes) {
      for (;;) {
        const info = String(await this.ask(node, 'CLUSTER', 'INFO'));
        const isWhole = info.includes(`cluster_known_nodes:${NODES}`);
        if (isWhole && info.includes('cluster_state:ok')) break;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  private async keeperOf(key: string): Promise<ClusterNode> {
    const [first] = this.nodes;
    const slot = Number(first && (await this.ask(first, 'CLUSTER', 'KEYSLOT', key)));
    const keeper = this.nodes[Math.floor(slot / Math.ceil(SLOTS / NODES))];
    if (!keeper) throw new Error('No node keeps this key.');
    return keeper;
  }

  private async ask(node: ClusterNode, ...words: (string | number)[]): Promise<unknown> {
    const client = new Redis({ port: node.port, host: '127.0.0.1' });
    const [command = '', ...args] = words;
    try {
      return await client.call(String(command), ...args);
    } finally {
      client.disconnect();
    }
  }
}

/** All are held until each is known, so that no two are the same. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
