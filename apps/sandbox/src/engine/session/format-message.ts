/** RAISERROR's message with its printf-like places filled. */
import type { SqlValue } from '../sql-engine.port.js';
import { sqlError } from './sql-error.js';

/** @throws SqlError 2787 for a place this form does not know. */
export function formatMessage(text: string, args: SqlValue[]): string {
  let next = 0;
  return text
    .slice(0, 2047)
    .replace(
      /%(?:%|([-+0# ]*)(\*|\d+)?(?:\.(\*|\d+))?(l|h|I64)?(.)?)/g,
      (whole, flags = '', width, precision, _size, kind) => {
        if (whole === '%%') return '%';
        if (kind === undefined || !'diouxXs'.includes(kind)) throw sqlError(2787, whole);
        const wide = Number(width === '*' ? args[next++] : (width ?? 0));
        const limit =
          precision === undefined
            ? undefined
            : Number(precision === '*' ? args[next++] : precision);
        const value = args[next++] ?? null;
        const shown = value === null ? '(null)' : place(kind as string, value);
        const cut = kind === 's' && limit !== undefined ? shown.slice(0, limit) : shown;
        if (flags.includes('-')) return cut.padEnd(wide);
        return cut.padStart(wide, flags.includes('0') && kind !== 's' ? '0' : ' ');
      },
    );
}

function place(kind: string, value: NonNullable<SqlValue>): string {
  if (kind === 's') return String(value);
  const number = Math.trunc(Number(value));
  if (kind === 'x') return (number >>> 0).toString(16);
  if (kind === 'X') return (number >>> 0).toString(16).toUpperCase();
  if (kind === 'o') return (number >>> 0).toString(8);
  return String(kind === 'u' ? number >>> 0 : number);
}
