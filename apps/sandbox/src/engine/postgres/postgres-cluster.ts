/**
 * Starts and stops the sandbox's private PostgreSQL: no TCP port, one Unix socket in a folder of its
 * own, data in the state directory. It promises that a stop is clean, that a server left over by a
 * killed process is ended before the next start, that two engines never share a state directory, and
 * that the server stops by itself within a moment of this process dying.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { join, resolve } from 'node:path';
import {
  findNativeTree,
  isOpenToEveryone,
  openTemporaryFolder,
  unprivilegedId,
} from './native-tree.js';

export interface PostgresCluster {
  socketDirectory: string;
  /** Whether this start created the data folder. */
  isNew: boolean;
  /** Resolves when the server has ended, for whatever reason. */
  ended: Promise<void>;
  stop(): Promise<void>;
}

interface RunRecord {
  owner: string;
  dataDirectory: string;
  socketDirectory: string;
}

const settings: Record<string, string> = {
  listen_addresses: '',
  max_connections: '200',
  shared_buffers: '64MB',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '512MB',
  jit: 'off',
  deadlock_timeout: '250ms',
  autovacuum_naptime: '30s',
  max_parallel_workers_per_gather: '0',
  log_statement: 'none',
  log_min_messages: 'fatal',
  log_min_error_statement: 'panic',
  logging_collector: 'off',
};

/** @throws Error when the state directory is in use or the server does not come up. */
export async function startCluster(stateDirectory: string): Promise<PostgresCluster> {
  const state = resolve(stateDirectory);
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const recordFile = join(state, 'postgres.json');
  const previous = readRecord(recordFile);
  if (previous) await clearPrevious(previous);
  const tree = findNativeTree();
  const dataDirectory = chooseDataDirectory(state, previous);
  const socketDirectory = mkdtempSync(join(openTemporaryFolder(), 'conduit-pg-'));
  giveToServer(socketDirectory);
  const record: RunRecord = {
    owner: processIdentity(process.pid) ?? '',
    dataDirectory,
    socketDirectory,
  };
  writeFileSync(recordFile, JSON.stringify(record), { mode: 0o600 });
  const isNew = !existsSync(join(dataDirectory, 'PG_VERSION'));
  if (isNew) initialise(tree.directory, dataDirectory);
  const child = launch(tree.directory, dataDirectory, socketDirectory);
  const ended = once(child, 'exit').then(() => {
    child.stdio[3]?.destroy();
    rmSync(socketDirectory, { recursive: true, force: true });
  });
  await waitUntilReady(child, join(socketDirectory, '.s.PGSQL.5432'));
  return {
    socketDirectory,
    isNew,
    ended,
    async stop() {
      child.stdio[3]?.destroy();
      await ended;
      writeFileSync(recordFile, JSON.stringify({ ...record, owner: '' }), { mode: 0o600 });
    },
  };
}

function initialise(nativeDirectory: string, dataDirectory: string): void {
  rmSync(dataDirectory, { recursive: true, force: true });
  mkdirSync(dataDirectory, { mode: 0o700 });
  giveToServer(dataDirectory);
  execFileSync(
    join(nativeDirectory, 'bin', 'initdb'),
    [
      '-D',
      dataDirectory,
      '-U',
      'postgres',
      '-A',
      'trust',
      '--no-sync',
      '--no-instructions',
      '--locale=C',
      '--encoding=UTF8',
    ],
    {
      ...serverAccount(),
      cwd: '/',
      env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' },
      stdio: 'pipe',
    },
  );
}

/**
 * The server is the child of a shell that waits on a pipe from us: when our end closes, whether by
 * `stop()` or because this process died, the shell asks the server for a fast shutdown.
 */
function launch(
  nativeDirectory: string,
  dataDirectory: string,
  socketDirectory: string,
): ChildProcess {
  const watch =
    '"$0" "$@" 3<&- & server=$!; (cat <&3 >/dev/null; kill -INT $server) & wait $server';
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return spawn(
    '/bin/sh',
    [
      '-c',
      watch,
      join(nativeDirectory, 'bin', 'postgres'),
      '-D',
      dataDirectory,
      '-k',
      socketDirectory,
      ...options,
    ],
    {
      ...serverAccount(),
      cwd: '/',
      env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' },
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    },
  );
}

async function waitUntilReady(child: ChildProcess, socketPath: string): Promise<void> {
  for (let attempt = 0; attempt < 3000; attempt++) {
    if (child.exitCode !== null) break;
    if (await accepts(socketPath)) return;
    await delay(10);
  }
  child.stdio[3]?.destroy();
  throw new Error('The embedded PostgreSQL did not start.');
}

/** `R`, the first byte of an answer that lets us in; a server still starting up says `E`. */
const authenticationRequest = 0x52;

function accepts(socketPath: string): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect(socketPath);
    socket.once('connect', () => {
      const startup = Buffer.from(
        '\0\0\0\0\0\x03\0\0user\0postgres\0database\0postgres\0\0',
        'latin1',
      );
      startup.writeInt32BE(startup.length);
      socket.write(startup);
    });
    socket.once('data', (answer) => {
      socket.destroy();
      settle(answer[0] === authenticationRequest);
    });
    socket.once('error', () => settle(false));
    socket.once('close', () => settle(false));
  });
}

/** Ends a server whose owner died without stopping it, and removes what it left behind. */
async function clearPrevious(record: RunRecord): Promise<void> {
  const ownerId = Number(record.owner.split(':')[0]);
  if (ownerId && record.owner === processIdentity(ownerId)) {
    throw new Error('The state directory is in use by a running sandbox.');
  }
  const server = serverIn(record.dataDirectory);
  for (let attempt = 0; server && serverIn(record.dataDirectory) === server; attempt++) {
    process.kill(server, attempt === 0 ? 'SIGINT' : attempt === 200 ? 'SIGQUIT' : 0);
    if (attempt > 400) throw new Error('A server of an earlier run does not end.');
    await delay(25);
  }
  if (/\/conduit-pg-\w+$/.test(record.socketDirectory)) {
    rmSync(record.socketDirectory, { recursive: true, force: true });
  }
}

/** The process id in postmaster.pid when that process is a PostgreSQL on this very folder. */
function serverIn(dataDirectory: string): number | undefined {
  try {
    const id = Number(readFileSync(join(dataDirectory, 'postmaster.pid'), 'utf8').split('\n')[0]);
    const command = readFileSync(`/proc/${id}/cmdline`, 'utf8').split('\0');
    return command[0]?.endsWith('/postgres') && command.includes(dataDirectory) ? id : undefined;
  } catch {
    return undefined;
  }
}

/** Process id and start time, so that a reused id is not taken for the old process. */
function processIdentity(id: number): string | undefined {
  try {
    const fields = readFileSync(`/proc/${id}/stat`, 'utf8').split(') ').pop()?.split(' ');
    return `${id}:${fields?.[19]}`;
  } catch {
    return id === process.pid ? `${id}:` : undefined;
  }
}

/**
 * Inside the state directory where the server's account can get there; else in the temporary folder,
 * remembered in the state directory. Folders whose state directory is gone are removed.
 */
function chooseDataDirectory(state: string, previous: RunRecord | undefined): string {
  if (process.getuid?.() !== 0 || isOpenToEveryone(resolve(state, '..'))) {
    if (process.getuid?.() === 0) chmodSync(state, 0o711);
    return join(state, 'postgres');
  }
  sweepOrphans();
  if (previous && existsSync(previous.dataDirectory)) return previous.dataDirectory;
  const place = mkdtempSync(join(openTemporaryFolder(), 'conduit-pgdata-'));
  writeFileSync(join(place, 'state-directory'), state, { mode: 0o600 });
  chmodSync(place, 0o711);
  return join(place, 'data');
}

function sweepOrphans(): void {
  const parent = openTemporaryFolder();
  for (const name of readdirSync(parent).filter((entry) => entry.startsWith('conduit-pgdata-'))) {
    const place = join(parent, name);
    const state = readText(join(place, 'state-directory'));
    const record = state === undefined ? undefined : readRecord(join(state, 'postgres.json'));
    if (state !== undefined && record?.dataDirectory !== join(place, 'data')) {
      rmSync(place, { recursive: true, force: true });
    }
  }
}

function readRecord(file: string): RunRecord | undefined {
  const text = readText(file);
  return text === undefined ? undefined : (JSON.parse(text) as RunRecord);
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function giveToServer(directory: string): void {
  if (process.getuid?.() === 0) chownSync(directory, unprivilegedId, unprivilegedId);
}

function serverAccount(): { uid?: number; gid?: number } {
  return process.getuid?.() === 0 ? { uid: unprivilegedId, gid: unprivilegedId } : {};
}
