/**
 * The broker's own store: Kysely over PostgreSQL, or over PGlite in a worker thread when no server
 * is configured. Both run the same migrations and answer with the same JavaScript types: int8 and
 * numeric as text, bytea as Buffer, timestamptz as Date, json parsed. No table holds a payload.
 */
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { lockFolder } from '#libs/db/folder-lock.js';
import { migrate } from '#libs/db/migrate.js';
import { PglitePool } from '#libs/db/pglite-pool.js';
import type { Database } from '#libs/db/schema.js';

export type DatabasePlace =
  /** `lockWaitMs`: for tests, another than the usual. */
  | { url: string; maxConnections?: number; lockWaitMs?: number }
  | { directory: string }
  /** Forgotten on close; for tests. Begins as `image`, a dump of PGlite's, or empty. */
  | { memory: true; image?: string };

export interface OpenedDatabase {
  kysely: Kysely<Database>;
  close(): Promise<void>;
}

/**
 * Opens the store and brings its tables up to date.
 * @throws ConduitError STORE_LOCKED when another process holds the folder
 */
export async function openDatabase(place: DatabasePlace): Promise<OpenedDatabase> {
  const opened = 'url' in place ? openServer(place) : await openEmbedded(place);
  try {
    await migrate(opened.kysely);
  } catch (error) {
    await opened.close();
    throw error;
  }
  return opened;
}

/** Longer than anything of ours holds a lock: then somebody else does, and whoever waits is to hear of it. */
const LOCK_WAIT_MS = 10_000;

function openServer(place: Extract<DatabasePlace, { url: string }>): OpenedDatabase {
  const pool = new pg.Pool({
    connectionString: place.url,
    max: place.maxConnections ?? 10,
    connectionTimeoutMillis: 5_000,
    options: `-c timezone=UTC -c lock_timeout=${place.lockWaitMs ?? LOCK_WAIT_MS}`,
  });
  // A connection that breaks fails its query and is replaced at the next use. Without a listener it
  // would end the process: the pool's own listens to idle ones only, and leaves at each checkout.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  const kysely = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  return { kysely, close: () => kysely.destroy() };
}

async function openEmbedded(place: { directory: string } | { memory: true; image?: string }) {
  const directory = 'directory' in place ? place.directory : undefined;
  const unlock = directory === undefined ? () => undefined : lockFolder(directory);
  try {
    const pool = await PglitePool.open(place);
    const kysely = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
    const close = async () => {
      await kysely.destroy();
      unlock();
    };
    return { kysely, close };
  } catch (error) {
    unlock();
    throw error;
  }
}
