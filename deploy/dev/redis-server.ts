/** A Redis of our own: on a private socket, with persistence off, gone when we go. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { ChildProgram, StartError } from '#deploy/dev/child-program.js';

export interface RedisServer {
  /** What REDIS_URL takes. */
  url: string;
  /** Absent for a server that is not ours. */
  pid?: number;
  stop(): Promise<void>;
}

/** @throws StartError saying how to install it */
export function redisProgram(): string {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/local/bin'];
  const found = folders
    .map((folder) => join(folder, 'redis-server'))
    .find((path) => existsSync(path));
  if (!found)
    throw new StartError('redis-server is not installed: sudo apt-get install redis-server');
  return found;
}

/** Uses REDIS_URL when it is set, else starts a server whose socket only this user can open. */
export async function startRedis(
  stateDirectory: string,
  onSpawn: (program: ChildProgram) => void = () => undefined,
): Promise<RedisServer> {
  const given = process.env['REDIS_URL'];
  if (given) return { url: given, stop: () => Promise.resolve() };
  mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
  // A socket path may be at most 107 bytes long, so it cannot live in a deep checkout.
  const folder = mkdtempSync(join(tmpdir(), 'conduit-redis-'));
  const socket = join(folder, 'redis.sock');
  const server = await ChildProgram.start({
    name: 'Redis',
    command: redisProgram(),
    args: [
      ...['--port', '0', '--unixsocket', socket, '--unixsocketperm', '700'],
      ...['--save', '', '--appendonly', 'no', '--dir', folder, '--maxmemory-policy', 'noeviction'],
    ],
    logFile: join(stateDirectory, 'logs', 'redis.log'),
    isReadyLine: (line) => line.includes('eady to accept connections'),
    readyWithinMs: 10_000,
    onSpawn,
  });
  return {
    url: `unix://${socket}`,
    pid: server.pid,
    stop: async () => {
      await server.stop(3_000);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
