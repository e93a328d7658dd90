/**
 * Reads exports of audit logs as strictly as they are written: what somebody sends may be cut, changed, or
 * made to hurt whoever reads it. Says at which place a text is no export; verifies nothing.
 */
import {
  AUDIT_EXPORT_FORMAT,
  formatAuditExport,
  type AuditExport,
  type ExportedDestruction,
  type ExportedEntry,
  type ExportedLog,
  type ExportScope,
} from '#libs/audit/audit-export.js';
import { decodeBase64 } from '#libs/audit/signed-note.js';
import { HASH_BYTES } from '#libs/audit/tree-hash.js';

/** Bounds of what is read: far above what is written, far below what hurts the reader. */
export const exportLimits = {
  characters: 256 * 1024 * 1024,
  logs: 1_000,
  entries: 500_000,
  earlier: 10_000,
  witnesses: 100_000,
  hashes: 63,
  recordCharacters: 65_535,
  /** As much as signed-note reads. */
  noteCharacters: 262_144,
  idCharacters: 255,
};

/** Where the text is no export, e.g. `logs[0].entries[3].proof[2]`, and what is wrong there. */
export interface ExportProblem {
  place: string;
  problem: string;
}

/**
 * Reads what formatAuditExport writes, and nothing else: no unknown member, none twice, no other spelling,
 * nothing beyond the bounds.
 * @returns the export, or the first place where the text is none
 */
export function parseAuditExport(text: string): AuditExport | ExportProblem {
  try {
    return read(text);
  } catch (error) {
    if (error instanceof Misfit) return { place: error.place, problem: error.problem };
    throw error;
  }
}

export const isExportProblem = (read: AuditExport | ExportProblem): read is ExportProblem =>
  'problem' in read;

class Misfit extends Error {
  constructor(
    readonly place: string,
    readonly problem: string,
  ) {
    super(problem);
  }
}

function read(text: string): AuditExport {
  if (text.length > exportLimits.characters) throw new Misfit('the file', 'is too long');
  const auditExport = readExport(parse(text));
  if (formatAuditExport(auditExport) !== text) {
    throw new Misfit('the file', 'is not spelled as an export is: something was added or changed');
  }
  return auditExport;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The parser's own words would quote the file.
    throw new Misfit('the file', 'is not JSON, or only the beginning of it');
  }
}

function readExport(value: unknown): AuditExport {
  const members = ['format', 'madeAt', 'scope', 'logs', 'witnesses', 'seal'];
  const root = readObject(value, 'the file', members);
  if (root['format'] !== AUDIT_EXPORT_FORMAT) {
    throw new Misfit('format', `is not ${AUDIT_EXPORT_FORMAT}`);
  }
  const madeAt = readMoment(root['madeAt'], 'madeAt');
  const scope = readScope(root['scope']);
  const logs = readList(root['logs'], 'logs', exportLimits.logs, readLog);
  if (logs.length === 0) throw new Misfit('logs', 'is empty');
  return {
    ...{ madeAt, scope, logs },
    ...(root['witnesses'] !== undefined && { witnesses: readWitnesses(root['witnesses']) }),
    ...(root['seal'] !== undefined && { seal: readNote(root['seal'], 'seal') }),
  };
}

function readScope(value: unknown): ExportScope {
  const found = readObject(value, 'scope', ['practice', 'site', 'integrator', 'from', 'to']);
  const scope: ExportScope = {};
  for (const member of ['practice', 'site', 'integrator'] as const) {
    if (found[member] !== undefined) scope[member] = readId(found[member], `scope.${member}`);
  }
  for (const member of ['from', 'to'] as const) {
    if (found[member] !== undefined) scope[member] = readMoment(found[member], `scope.${member}`);
  }
  return scope;
}

const LOG_MEMBERS = 'kind agent verifierKey checkpoint entries destroyed earlier complete'.split(
  ' ',
);

function readLog(value: unknown, place: string): ExportedLog {
  const found = readObject(value, place, LOG_MEMBERS);
  const { kind, agent, destroyed, earlier, complete } = found;
  if (kind !== 'broker' && kind !== 'agent') {
    throw new Misfit(`${place}.kind`, 'is neither broker nor agent');
  }
  if ((agent !== undefined) !== (kind === 'agent')) {
    throw new Misfit(`${place}.agent`, "must be there for an agent's log, and for no other");
  }
  const { entries: most, earlier: mostEarlier } = exportLimits;
  return {
    kind,
    ...(agent !== undefined && { agent: readId(agent, `${place}.agent`) }),
    verifierKey: readText(found['verifierKey'], `${place}.verifierKey`, 512),
    checkpoint: readNote(found['checkpoint'], `${place}.checkpoint`),
    entries: readList(found['entries'], `${place}.entries`, most, readEntry),
    ...(destroyed !== undefined && {
      destroyed: readList(destroyed, `${place}.destroyed`, most, readDestruction),
    }),
    ...(earlier !== undefined && {
      earlier: readList(earlier, `${place}.earlier`, mostEarlier, readEarlier),
    }),
    ...(complete !== undefined && { complete: readComplete(complete, `${place}.complete`) }),
  };
}

function readEntry(value: unknown, place: string): ExportedEntry {
  const { index, record, proof } = readObject(value, place, ['index', 'record', 'proof']);
  return {
    index: readCount(index, `${place}.index`),
    record: readText(record, `${place}.record`, exportLimits.recordCharacters),
    proof: readHashes(proof, `${place}.proof`),
  };
}

const DESTROYED_MEMBERS = 'id rule at from to records leaves'.split(' ');

function readDestruction(value: unknown, place: string): ExportedDestruction {
  const found = readObject(value, place, DESTROYED_MEMBERS);
  return {
    id: readId(found['id'], `${place}.id`),
    rule: readId(found['rule'], `${place}.rule`),
    at: readMoment(found['at'], `${place}.at`),
    from: readMoment(found['from'], `${place}.from`),
    to: readMoment(found['to'], `${place}.to`),
    records: readCount(found['records'], `${place}.records`),
    leaves: readList(found['leaves'], `${place}.leaves`, exportLimits.entries, (leaf, own) => {
      const { index, hash, proof } = readObject(leaf, own, ['index', 'hash', 'proof']);
      return {
        index: readCount(index, `${own}.index`),
        hash: readHash(hash, `${own}.hash`),
        proof: readHashes(proof, `${own}.proof`),
      };
    }),
  };
}

function readEarlier(value: unknown, place: string): { checkpoint: string; consistency: Buffer[] } {
  const { checkpoint, consistency } = readObject(value, place, ['checkpoint', 'consistency']);
  return {
    checkpoint: readNote(checkpoint, `${place}.checkpoint`),
    consistency: readHashes(consistency, `${place}.consistency`),
  };
}

function readComplete(value: unknown, place: string): { from: number; to: number } {
  const { from, to } = readObject(value, place, ['from', 'to']);
  const range = { from: readCount(from, `${place}.from`), to: readCount(to, `${place}.to`) };
  if (range.from > range.to) throw new Misfit(place, 'ends before it begins');
  return range;
}

function readWitnesses(value: unknown): { threshold: number; keys: string[] } {
  const found = readObject(value, 'witnesses', ['threshold', 'keys']);
  const threshold = readCount(found['threshold'], 'witnesses.threshold');
  const keys = readList(found['keys'], 'witnesses.keys', exportLimits.witnesses, (key, place) =>
    readText(key, place, 512),
  );
  if (threshold > keys.length) {
    throw new Misfit('witnesses.threshold', 'is more than there are keys');
  }
  return { threshold, keys };
}

function readHashes(value: unknown, place: string): Buffer[] {
  return readList(value, place, exportLimits.hashes, readHash);
}

function readHash(value: unknown, place: string): Buffer {
  const hash = typeof value === 'string' ? decodeBase64(value) : undefined;
  if (hash?.length !== HASH_BYTES) throw new Misfit(place, 'is not 32 bytes in base64');
  return hash;
}

function readObject(value: unknown, place: string, members: string[]): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Misfit(place, 'is not an object');
  }
  if (Object.keys(value).some((key) => !members.includes(key))) {
    throw new Misfit(place, `has a member that is none of ${members.join(', ')}`);
  }
  return value as Record<string, unknown>;
}

function readList<T>(
  value: unknown,
  place: string,
  most: number,
  readItem: (item: unknown, place: string) => T,
): T[] {
  if (!Array.isArray(value)) throw new Misfit(place, 'is not a list');
  if (value.length > most) throw new Misfit(place, `has more than ${most} items`);
  return value.map((item, index) => readItem(item, `${place}[${index}]`));
}

function readText(value: unknown, place: string, most: number): string {
  if (typeof value !== 'string' || value === '') throw new Misfit(place, 'is not a text');
  if (value.length > most) throw new Misfit(place, `has more than ${most} characters`);
  return value;
}

const readNote = (value: unknown, place: string): string =>
  readText(value, place, exportLimits.noteCharacters);

const readId = (value: unknown, place: string): string =>
  readText(value, place, exportLimits.idCharacters);

function readCount(value: unknown, place: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0 || Object.is(value, -0)) {
    throw new Misfit(place, 'is not a whole number from 0');
  }
  return value as number;
}

function readMoment(value: unknown, place: string): string {
  const text = readText(value, place, 30);
  const ms = Date.parse(text);
  if (Number.isNaN(ms) || new Date(ms).toISOString() !== text) {
    throw new Misfit(place, 'is not a moment like 2026-01-31T00:00:00.000Z');
  }
  return text;
}
