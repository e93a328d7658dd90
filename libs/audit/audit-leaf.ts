/**
 * The leaf of a record in the audit log: its canonical JSON (RFC 8785). A record is flat, its values
 * strings and integers, so sorted keys and JSON.stringify give exactly that form; the test holds it
 * against a general implementation.
 */
import type { AuditRecord } from '#libs/audit/audit-record.js';

const LONE_SURROGATE = /\p{Surrogate}/u;
const EACH_SURROGATE = /\p{Surrogate}/gu;
/** What JSON does not write as it is, or may not hold. Ids and words of closed lists have none of it. */
const UNUSUAL = /["\\\u0000-\u001f\ud800-\udfff]/;

/** Fields of one set, sorted, each with what stands before its value. */
interface Shape {
  /** As an object of this shape has them. */
  keys: readonly string[];
  sorted: readonly (readonly [key: keyof AuditRecord, before: string])[];
}

/** Of the last record: the next one is mostly of the same shape, and sorting costs more than comparing. */
let last: Shape = { keys: [], sorted: [] };

function shapeOf(record: AuditRecord): Shape {
  const keys = Object.keys(record);
  const isSame = keys.length === last.keys.length && keys.every((key, at) => key === last.keys[at]);
  if (isSame) return last;
  const sorted = [...keys].sort() as (keyof AuditRecord)[];
  last = { keys, sorted: sorted.map((key) => [key, `"${key}":`] as const) };
  return last;
}

/** @throws TypeError for a value that is neither text nor an integer, or text with a lone surrogate */
export function auditLeaf(record: AuditRecord): string {
  let leaf = '';
  for (const [key, before] of shapeOf(record).sorted) {
    const value: unknown = record[key];
    if (value === undefined) continue;
    leaf += leaf === '' ? '{' : ',';
    leaf += before;
    leaf += leafValue(value);
  }
  return `${leaf}}`;
}

/**
 * The leaf, and the same as a text within JSON. Values are not looked at one by one: where none of them
 * has anything to escape, the second is longer by the quotes that stand around texts and names.
 * @throws as auditLeaf does
 */
export function auditLeafQuoted(record: AuditRecord): { leaf: string; quoted: string } {
  let leaf = '';
  let quotes = 0;
  for (const [key, before] of shapeOf(record).sorted) {
    const value: unknown = record[key];
    if (value === undefined) continue;
    leaf += leaf === '' ? '{' : ',';
    leaf += before;
    quotes += 2;
    if (typeof value === 'string') {
      leaf += '"';
      leaf += value;
      leaf += '"';
      quotes += 2;
    } else leaf += leafValue(value);
  }
  leaf += '}';
  const quoted = JSON.stringify(leaf);
  if (quoted.length === leaf.length + quotes + 2) return { leaf, quoted };
  const escaped = auditLeaf(record);
  return { leaf: escaped, quoted: JSON.stringify(escaped) };
}

/** The record with what no leaf may hold taken out: for what has to be written down whatever came. */
export function wellFormed(record: Omit<AuditRecord, 'ts'>): Omit<AuditRecord, 'ts'> {
  const fields = Object.entries(record).flatMap(([key, value]: [string, unknown]) => {
    if (typeof value === 'string') return [[key, value.replaceAll(EACH_SURROGATE, '\ufffd')]];
    return Number.isSafeInteger(value) ? [[key, value]] : [];
  });
  return Object.fromEntries(fields) as Omit<AuditRecord, 'ts'>;
}

function leafValue(value: unknown): string {
  if (typeof value === 'string') {
    if (!UNUSUAL.test(value)) return `"${value}"`;
    if (!LONE_SURROGATE.test(value)) return JSON.stringify(value);
  }
  if (Number.isSafeInteger(value)) return String(value);
  throw new TypeError('an audit record holds only text and integers');
}
