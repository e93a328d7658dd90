/**
 * One line of the agent's audit files: a record, its leaf hash, and, once it is in a log, its number
 * there. How much exactly a query gave stands beside the record and not in it: the record holds a salted
 * hash of the counts, so it can be shown and proven to others without telling them.
 */
import { hash } from 'node:crypto';

import { auditLeafQuoted } from '#libs/audit/audit-leaf.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import { newSalt } from '#libs/audit/record-salt.js';
import { textLeafHashBase64 } from '#libs/audit/tree-hash.js';

const LEAF_BEGINS = '{"leaf":"'.length;
/** 32 bytes in base64. */
const LEAF_LENGTH = 44;

/** What a query gave, to the row, the byte and the millisecond. It stays on the practice's server. */
export interface ExactCounts {
  rows?: number;
  bytes?: number;
  ms?: number;
}

export interface AuditLine {
  /** Number of the leaf; absent in lines of a version that had none. */
  n?: number;
  /** base64 */
  leaf: string;
  /** Canonical text. */
  record: string;
  /** What the record's `countsHash` is the hash of: JSON with a salt. */
  counts?: string;
}

/** SHA-256, base64url. */
export const countsHash = (counts: string): string => hash('sha256', counts, 'base64url');

/**
 * The record with its moment and a salt of its own: `{"leaf": base64, "record": canonical text}`, the counts
 * where there are any, and a line feed.
 */
export function auditLine(
  record: Omit<AuditRecord, 'ts' | 'salt'>,
  ts: string,
  exact?: ExactCounts,
): string {
  // Fields first: one that is set behind a spread costs a dozen times as much.
  if (!exact) return lineOf({ ts, salt: newSalt(), ...record }, '');
  const counts = countsText(exact);
  return lineOf(
    { ts, salt: newSalt(), countsHash: countsHash(counts), ...record },
    `,"counts":${JSON.stringify(counts)}`,
  );
}

function lineOf(record: AuditRecord, counts: string): string {
  const { leaf, quoted } = auditLeafQuoted(record);
  // Base64 has nothing to escape.
  return `{"leaf":"${textLeafHashBase64(leaf)}","record":${quoted}${counts}}\n`;
}

const countsText = (exact: ExactCounts): string => JSON.stringify({ salt: newSalt(), ...exact });

/** @returns undefined for what is no such line; checks no hash */
export function parseAuditLine(line: string): AuditLine | undefined {
  try {
    const { n, leaf, record, counts } = JSON.parse(line) as Partial<AuditLine>;
    if (typeof leaf !== 'string' || typeof record !== 'string') return undefined;
    return {
      ...(Number.isSafeInteger(n) && { n: n as number }),
      leaf,
      record,
      ...(typeof counts === 'string' && { counts }),
    };
  } catch {
    return undefined;
  }
}

/** Leaf hash of a line as auditLine made it: its place is known, so that a batch need not be parsed again. */
export const leafOfLine = (line: string): Buffer =>
  Buffer.from(line.slice(LEAF_BEGINS, LEAF_BEGINS + LEAF_LENGTH), 'base64');

/** The same line with its number. */
export const numberLine = (line: string, n: number): string => `{"n":${n},${line.slice(1)}`;

/** @returns undefined where the text is no counts, or not those of the record */
export function exactCounts(line: Pick<AuditLine, 'record' | 'counts'>): ExactCounts | undefined {
  if (line.counts === undefined) return undefined;
  try {
    const record = JSON.parse(line.record) as AuditRecord;
    if (record.countsHash !== countsHash(line.counts)) return undefined;
    const { rows, bytes, ms } = JSON.parse(line.counts) as ExactCounts;
    const given = Object.entries({ rows, bytes, ms }).filter(([, count]) => Number.isFinite(count));
    return Object.fromEntries(given);
  } catch {
    return undefined;
  }
}
