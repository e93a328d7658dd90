/** A Redis that can die and come back at the same socket, empty: it keeps nothing on disk. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChildProgram } from '#deploy/dev/child-program.js';
import { redisProgram } from '#deploy/dev/redis-server.js';

export class RestartableRedis {
  private readonly folder = mkdtempSync(join(tmpdir(), 'conduit-redis-'));
  private server?: ChildProgram;

  get url(): string {
    return `unix://${join(this.folder, 'redis.sock')}`;
  }

  async start(): Promise<void> {
    this.server = await ChildProgram.start({
      name: 'Redis',
      command: redisProgram(),
      args: [
        ...['--port', '0', '--unixsocket', join(this.folder, 'redis.sock')],
        ...['--unixsocketperm', '700', '--save', '', '--appendonly', 'no'],
        ...['--dir', this.folder, '--maxmemory-policy', 'noeviction'],
      ],
      logFile: join(this.folder, 'redis.log'),
      isReadyLine: (line) => line.includes('eady to accept connections'),
      readyWithinMs: 30_000,
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.server?.process.kill(signal);
  }

  async kill(): Promise<void> {
    await this.server?.kill();
  }

  async stop(): Promise<void> {
    await this.server?.stop(3_000);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
