/** The broker's database: its rows, a dump as an administrator makes one, and its folder. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { DatabasePlace } from '#libs/db/open-database.js';
import { debianPrograms } from '#libs/db/postgres-server.fixture.js';
import { plantAuditRecord, searchTables } from '#test/prove/searched-store.js';
import { counted, type Sink } from '#test/prove/sink.js';
import { searchBytes, searchFolder } from '#test/support/leak-search.js';

export function databaseRows(place: DatabasePlace): Sink {
  return {
    name: 'database-rows',
    words: "every row of every table of the broker's database",
    search: async (markers) => {
      const { tables, ...found } = await searchTables(place, markers);
      return { ...found, what: counted(tables, 'table') };
    },
    plant: (marker) => plantAuditRecord(place, marker),
  };
}

const run = promisify(execFile);
const MOST_BYTES = 1024 * 1024 * 1024;

/** @returns undefined where there is no pg_dump */
export function databaseDump(url: string): Sink | undefined {
  const program = debianPrograms()
    .map((folder) => join(folder, 'pg_dump'))
    .find((path) => existsSync(path));
  if (program === undefined) return undefined;
  return {
    name: 'database-dump',
    words: 'a full dump of that database (pg_dump)',
    search: async (markers) => {
      // Not the synchronous kind: the server writes its log to this process meanwhile.
      const { stdout } = await run(program, [url], { maxBuffer: MOST_BYTES, encoding: 'buffer' });
      const leaks = searchBytes('the dump of the database', stdout, markers);
      return { leaks, bytesRead: stdout.length, what: 'one dump' };
    },
    plant: (marker) => plantAuditRecord({ url }, marker),
  };
}

/** @param words what is in the folder */
export function databaseFolder(folder: string, words: string, place: DatabasePlace): Sink {
  return {
    name: 'database-folder',
    words,
    search: async (markers) => {
      const { filesRead, ...found } = await searchFolder(folder, markers);
      return { ...found, what: counted(filesRead, 'file') };
    },
    plant: (marker) => plantAuditRecord(place, marker),
  };
}
