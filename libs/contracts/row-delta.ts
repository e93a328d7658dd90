/**
 * What differs between two results of a registered query, row by row. The agent writes it and seals
 * it; the caller's key opens it; deltas that follow each other can be merged into one.
 */

/** `k` tells the row apart from all others of the same result. */
export interface DeltaEntry {
  k: string;
  op: 'added' | 'changed' | 'removed';
  /** The row as it is now; of a removed one its key columns, or all of it where none are declared. */
  row: object;
}

export interface RowDelta {
  /** Whether rows are told apart by declared columns; otherwise `k` stands for all that a row holds. */
  keyed: boolean;
  entries: DeltaEntry[];
}

/**
 * One delta that does what `first` and then `second` do.
 * A row that was removed and came back counts as changed where only its key is known, for what it
 * was before is not; a whole row that came back did not change at all.
 */
export function mergeDeltas(first: RowDelta, second: RowDelta): RowDelta {
  const merged = new Map(first.entries.map((entry) => [entry.k, entry]));
  for (const entry of second.entries) {
    const next = followed(merged.get(entry.k), entry, first.keyed);
    // Taken out first, so that the entry moves to the end: the order is that of the last change.
    merged.delete(entry.k);
    if (next) merged.set(entry.k, next);
  }
  return { keyed: first.keyed, entries: [...merged.values()] };
}

function followed(
  before: DeltaEntry | undefined,
  after: DeltaEntry,
  keyed: boolean,
): DeltaEntry | undefined {
  if (!before) return after;
  if (after.op === 'removed') return before.op === 'added' ? undefined : after;
  if (before.op === 'added') return { ...after, op: 'added' };
  if (before.op === 'removed' && !keyed) return undefined;
  return { ...after, op: 'changed' };
}
