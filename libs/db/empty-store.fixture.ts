/**
 * A migrated, empty store made once for a whole test run. Making one takes PGlite two seconds of a
 * core; starting from a copy a fifth of that. Without one each test makes its own.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { openDatabase, type OpenedDatabase } from '#libs/db/open-database.js';

/** Names the folder of a run's empty store. */
const VARIABLE = 'CONDUIT_TEST_EMPTY_STORE';

/** @returns the folder, to be set as CONDUIT_TEST_EMPTY_STORE and removed after the run */
export async function makeEmptyStore(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'conduit-empty-store-'));
  const { directory, image } = placesIn(folder);
  await (await openDatabase({ directory })).close();
  const made = await PGlite.create(directory);
  const dump = await made.dumpDataDir('none');
  writeFileSync(image, Buffer.from(await dump.arrayBuffer()));
  await made.close();
  return folder;
}

/** Forgotten on close. */
export function openMemoryStore(): Promise<OpenedDatabase> {
  const folder = process.env[VARIABLE];
  return openDatabase({ memory: true, ...(folder && { image: placesIn(folder).image }) });
}

/** Where a broker keeps its embedded store, before it first starts. */
export function layEmptyStore(directory: string): void {
  const folder = process.env[VARIABLE];
  if (!folder || existsSync(directory)) return;
  mkdirSync(dirname(directory), { recursive: true, mode: 0o700 });
  cpSync(placesIn(folder).directory, directory, { recursive: true });
}

const placesIn = (folder: string) => ({
  directory: join(folder, 'cluster'),
  image: join(folder, 'image.tar'),
});
