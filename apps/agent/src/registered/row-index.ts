/**
 * What a result's rows are known by, so that the next result can be held against it. With declared
 * key columns a row is known by their values and its change by a digest; without, it is known by a
 * digest of all it holds, and its text is kept to be able to say what was removed. Rows that cannot
 * be told apart are counted: the second of them is another row than the first.
 */
import { createHash } from 'node:crypto';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { splitRows } from '#apps/agent/src/registered/split-rows.js';

export interface IndexedRow {
  /** 16 bytes of SHA-256 over the row's text, base64url. */
  digest: string;
  /** What says which row it was, once it is gone: JSON of its key columns, or of all of it. */
  identity: string;
}

export interface RowIndex {
  keyed: boolean;
  /** By the key of a delta's entry. */
  rows: Map<string, IndexedRow>;
}

/** Rows between two turns of the event loop: other queries are answered meanwhile. */
const ROWS_A_TURN = 2_000;

/** Undefined, or what to wait for before the next of many rows. */
export function pauseAt(count: number): Promise<void> | undefined {
  return count % ROWS_A_TURN === 0 ? new Promise((resolve) => setImmediate(resolve)) : undefined;
}

const digestOf = (text: Buffer): string =>
  createHash('sha256').update(text).digest().subarray(0, 16).toString('base64url');

/**
 * @param text the JSON array of row objects
 * @param keyColumns as they were declared; matched without regard to case where no column is spelt so
 * @throws ConduitError KEY_COLUMN_MISSING
 */
export async function indexRows(
  text: Buffer,
  keyColumns: readonly string[] | undefined,
): Promise<RowIndex> {
  const rows = new Map<string, IndexedRow>();
  const seen = new Map<string, number>();
  let names: string[] | undefined;
  let count = 0;
  for (const row of splitRows(text)) {
    const digest = digestOf(row);
    let key = digest;
    let identity: string;
    if (keyColumns) {
      const values = JSON.parse(row.toString('utf8')) as Record<string, unknown>;
      names ??= columnNames(values, keyColumns);
      key = JSON.stringify(names.map((name) => values[name]));
      identity = identityOf(values, names);
    } else {
      identity = row.toString('utf8');
    }
    const before = seen.get(key) ?? 0;
    seen.set(key, before + 1);
    rows.set(before === 0 ? key : `${key}#${before}`, { digest, identity });
    const pause = pauseAt(++count);
    if (pause) await pause;
  }
  return { keyed: Boolean(keyColumns), rows };
}

function identityOf(values: Record<string, unknown>, names: readonly string[]): string {
  return `{${names.map((name) => `${JSON.stringify(name)}:${JSON.stringify(values[name])}`).join()}}`;
}

/** The columns' own spelling. */
function columnNames(values: Record<string, unknown>, declared: readonly string[]): string[] {
  const known = Object.keys(values);
  return declared.map((wanted) => {
    const name =
      known.find((candidate) => candidate === wanted) ??
      known.find((candidate) => candidate.toLowerCase() === wanted.toLowerCase());
    if (name === undefined) throw new ConduitError('KEY_COLUMN_MISSING');
    return name;
  });
}

/** For the file: JSON lines, of which each but the first is a row. */
export async function writeIndex({ keyed, rows }: RowIndex): Promise<Buffer> {
  const lines = [JSON.stringify(keyed)];
  for (const [key, { digest, identity }] of rows) {
    lines.push(JSON.stringify(keyed ? [key, digest, identity] : [key, '', identity]));
    const pause = pauseAt(lines.length);
    if (pause) await pause;
  }
  return Buffer.from(lines.join('\n'));
}

/** @throws when it was not written by `writeIndex` */
export async function readIndex(bytes: Buffer): Promise<RowIndex> {
  const [first = '', ...lines] = bytes.toString('utf8').split('\n');
  const keyed = JSON.parse(first) as boolean;
  const rows = new Map<string, IndexedRow>();
  for (const line of lines) {
    const [key, digest, identity] = JSON.parse(line) as [string, string, string];
    rows.set(key, { digest, identity });
    const pause = pauseAt(rows.size);
    if (pause) await pause;
  }
  return { keyed, rows };
}
