/**
 * The leaf of a record in the audit log: its canonical JSON (RFC 8785). A record is flat, its values
 * strings and integers, so sorted keys and JSON.stringify give exactly that form; the test holds it
 * against a general implementation.
 */
import type { AuditRecord } from '#libs/audit/audit-record.js';

const LONE_SURROGATE = /\p{Surrogate}/u;
/** What JSON does not write as it is, or may not hold. Ids and words of closed lists have none of it. */
const UNUSUAL = /["\\\u0000-\u001f\ud800-\udfff]/;

/** @throws TypeError for a value that is neither text nor an integer, or text with a lone surrogate */
export function auditLeaf(record: AuditRecord): string {
  let leaf = '';
  for (const key of Object.keys(record).sort()) {
    const value: unknown = record[key as keyof AuditRecord];
    if (value === undefined) continue;
    leaf += `${leaf === '' ? '{' : ','}"${key}":${leafValue(value)}`;
  }
  return `${leaf}}`;
}

function leafValue(value: unknown): string {
  if (typeof value === 'string') {
    if (!UNUSUAL.test(value)) return `"${value}"`;
    if (!LONE_SURROGATE.test(value)) return JSON.stringify(value);
  }
  if (Number.isSafeInteger(value)) return String(value);
  throw new TypeError('an audit record holds only text and integers');
}
