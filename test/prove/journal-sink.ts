/** The write journal: the one table at the practice that is Conduit's own. */
import { inflateRawSync } from 'node:zlib';
import { ClinicDatabase } from '#test/e2e/clinic-database.fixture.js';
import { counted, type Sink } from '#test/prove/sink.js';
import { searchBytes } from '#test/support/leak-search.js';
import type { TestConduit } from '#test/support/start-conduit.js';

const MOST_UNPACKED_BYTES = 16 * 1024 * 1024;
const TABLE = 'ConduitJournal.dbo.WriteJournal';

async function ask(conduit: TestConduit, text: string): Promise<Record<string, unknown>[]> {
  const database = await ClinicDatabase.connect(conduit, 'admin');
  try {
    return await database.query(text);
  } finally {
    await database.close();
  }
}

/** Outcomes are packed before they are sealed: one that nobody sealed would hide its words. */
function unpackedOutcome(value: Buffer): Buffer {
  try {
    return inflateRawSync(value, { maxOutputLength: MOST_UNPACKED_BYTES });
  } catch {
    return Buffer.alloc(0);
  }
}

export function writeJournal(conduit: TestConduit): Sink {
  return {
    name: 'write-journal',
    words: "the agent's write journal, in a database of its own on the practice's server",
    search: async (markers) => {
      const rows = await ask(conduit, `SELECT KeyHash, RequestHash, Outcome FROM ${TABLE}`);
      const values = rows.flatMap((row) => Object.values(row)).filter(Buffer.isBuffer);
      const all = Buffer.concat([...values, ...values.map(unpackedOutcome)]);
      const leaks = searchBytes('the write journal', all, markers);
      return { leaks, bytesRead: all.length, what: counted(rows.length, 'row') };
    },
    plant: async (marker) => {
      const hex = Buffer.from(marker, 'utf16le').toString('hex');
      await ask(conduit, `UPDATE ${TABLE} SET Outcome = 0x${hex}`);
    },
  };
}
