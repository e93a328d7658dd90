/** What differs between the rows of one result and those of the next. */
import { pauseAt, type RowIndex } from '#apps/agent/src/registered/row-index.js';
import { splitRows } from '#apps/agent/src/registered/split-rows.js';

type Op = 'added' | 'changed' | 'removed';

export interface RowChanges {
  /** JSON of a `RowDelta`. */
  text: Buffer;
  added: number;
  changed: number;
  removed: number;
}

/**
 * @param text the rows of `after`, in the order in which they were indexed
 */
export async function changesOf(
  before: RowIndex,
  after: RowIndex,
  text: Buffer,
): Promise<RowChanges> {
  const counts = { added: 0, changed: 0, removed: 0 };
  const entries: string[] = [];
  const note = (key: string, op: Op, row: string): void => {
    counts[op] += 1;
    entries.push(`{"k":${JSON.stringify(key)},"op":"${op}","row":${row}}`);
  };
  const keys = after.rows.keys();
  let count = 0;
  for (const row of splitRows(text)) {
    const key = keys.next().value as string;
    const old = before.rows.get(key);
    if (!old) note(key, 'added', row.toString('utf8'));
    else if (after.keyed && old.digest !== after.rows.get(key)?.digest) {
      note(key, 'changed', row.toString('utf8'));
    }
    const pause = pauseAt(++count);
    if (pause) await pause;
  }
  for (const [key, { identity }] of before.rows) {
    if (!after.rows.has(key)) note(key, 'removed', identity);
  }
  const delta = `{"keyed":${after.keyed},"entries":[${entries.join()}]}`;
  return { text: Buffer.from(delta), ...counts };
}
