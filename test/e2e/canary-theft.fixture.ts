/**
 * What a thief of everything that the servers hold would try: each value in the database, in the
 * state folder and with the result itself, raw, decoded and under the peppers, in the place of the
 * API key's secret, of the result key and of the content key.
 */
import { createHash, createHmac, createPrivateKey, type KeyObject } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { sql } from 'kysely';
import { openerFor } from '#apps/broker/src/async-queries/open-result.js';
import { fromFields, type QueryRecord } from '#apps/broker/src/async-queries/query-record.js';
import { keysOf } from '#apps/broker/src/results/result-keys.js';
import type { PageHeader, SealedPage } from '#libs/contracts/result-page.js';
import { openDatabase, type DatabasePlace } from '#libs/db/open-database.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Secret } from '#libs/kernel/secret.js';
import { openChunks } from '#libs/sealing/chunked-encryption.js';
import { deriveKeyPair } from '#libs/sealing/hpke.js';
import { sealContext } from '#libs/sealing/seal-context.js';
import { ResultOpener } from '#libs/sealing/seal-result.js';

export interface StolenResult {
  record: QueryRecord;
  /** Page 1. */
  page: SealedPage;
  /** What else Redis holds of it. */
  fields: string[];
}

export const KEY_BYTES = 32;
/** RFC 8410: what stands before the 32 bytes of an X25519 key in PKCS #8. */
const X25519_PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');

/** Everything that Redis has of one async query. */
export async function stealResult(redis: Redis, queryId: string): Promise<StolenResult> {
  const fields = await redis.hgetall(`conduit:query:{${queryId}}`);
  const record = fromFields(fields);
  const [about, first] = keysOf(record?.runId ?? '', 1);
  const sealed = await redis.getBuffer(first);
  const known = await redis.hgetall(about);
  const header = known['page:1'];
  if (!record || !header || !sealed) throw new Error('the result is not stored');
  const page = { header: JSON.parse(header) as PageHeader, sealed };
  return { record, page, fields: [...Object.values(fields), ...Object.values(known)] };
}

/**
 * All that might be a key, each once: database, state folder, what Redis holds, and what the peppers
 * make of it.
 */
export async function stealSecrets(
  place: DatabasePlace,
  stateFolder: string,
  { fields }: { fields: string[] },
): Promise<Buffer[]> {
  const files = stealFiles(stateFolder);
  const texts = fields.flatMap(readings);
  const found = [...(await stealTables(place)), ...files, ...texts].filter(isKeySized);
  const peppers = ['key-pepper', 'pairing-pepper'].map((name) =>
    Buffer.from(readFileSync(join(stateFolder, name), 'utf8'), 'base64'),
  );
  const candidates = [...distinct(found), ...peppers];
  const macs = peppers.flatMap((pepper) =>
    candidates.map((value) => createHmac('sha256', pepper).update(value).digest()),
  );
  const digests = candidates.map((value) => createHash('sha256').update(value).digest());
  return distinct([...candidates, ...digests, ...macs]);
}

/** From an id's bytes to a key in a text of its own: a longer value is a record, not a key. */
const isKeySized = ({ length }: Buffer): boolean => length >= 8 && length <= 96;

const distinct = (values: Buffer[]): Buffer[] => [
  ...new Map(values.map((value) => [value.toString('hex'), value])).values(),
];

/** Every value of every table. */
async function stealTables(place: DatabasePlace): Promise<Buffer[]> {
  const { kysely, close } = await openDatabase(place);
  try {
    const tables = await sql<{ name: string }>`
      select table_name as name from information_schema.tables where table_schema = 'public'
    `.execute(kysely);
    const values: unknown[] = [];
    for (const { name } of tables.rows) {
      const query = sql<Record<string, unknown>>`select * from ${sql.table(name)}`;
      const { rows } = await query.execute(kysely);
      values.push(...rows.flatMap((row) => Object.values(row)));
    }
    return values.flatMap((value) => {
      if (value instanceof Uint8Array) return [Buffer.from(value)];
      return typeof value === 'string' ? readings(value) : [];
    });
  } finally {
    await close();
  }
}

/** Every file of a state folder but the database's own. */
function stealFiles(folder: string): Buffer[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'database' ? [] : stealFiles(path);
    return entry.isFile() ? readings(readFileSync(path, 'utf8').trim()) : [];
  });
}

/** A text as bytes in each way that it can be meant. */
function readings(text: string): Buffer[] {
  return [Buffer.from(text), Buffer.from(text, 'base64'), Buffer.from(text, 'hex')];
}

/** How often each door said what, and what was read behind one that opened. */
export interface Attempts {
  said: Record<string, number>;
  opened: string[];
}

/** Every way in which a value might open something. */
export type Doors = (candidate: Buffer) => (() => Buffer | undefined)[];

/** Tries every candidate at every door. */
export function tryDoors(doors: Doors, candidates: Buffer[]): Attempts {
  const attempts: Attempts = { said: {}, opened: [] };
  for (const open of candidates.flatMap(doors)) {
    try {
      const plain = open();
      if (plain) attempts.opened.push(plain.toString('utf8'));
    } catch (error) {
      if (!(error instanceof ConduitError)) throw error;
      attempts.said[error.code] = (attempts.said[error.code] ?? 0) + 1;
    }
  }
  return attempts;
}

export function tryToOpen(stolen: StolenResult, candidates: Buffer[]): Attempts {
  const { header, sealed } = stolen.page;
  const asSecret = (candidate: Buffer) => () =>
    openerFor(stolen.record, new Secret(candidate))?.openPage(header, sealed);
  const asKey = (candidate: Buffer) => [
    () => openWith(stolen, deriveKeyPair(candidate).privateKey),
    () => openWith(stolen, rawX25519(candidate)),
    () => openChunks(candidate, pageContext(stolen), sealed),
  ];
  return tryDoors(
    (candidate) => [
      asSecret(candidate),
      ...(candidate.length === KEY_BYTES ? asKey(candidate) : []),
    ],
    candidates,
  );
}

function openWith({ record, page }: StolenResult, privateKey: KeyObject): Buffer {
  const { id: queryId, siteId, integratorId, keyEnvelope = '' } = record;
  const context = { queryId, siteId, integratorId };
  return new ResultOpener(privateKey, keyEnvelope, context).openPage(page.header, page.sealed);
}

/** The private key whose 32 bytes these are. */
export function rawX25519(bytes: Buffer): KeyObject {
  const key = Buffer.concat([X25519_PKCS8, bytes]);
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
}

function pageContext({ record: { id, siteId, integratorId }, page }: StolenResult): Buffer {
  const { rowsStart, rowsEnd, plainBytes, encoding = '' } = page.header;
  const numbers = [1, rowsStart, rowsEnd, plainBytes].map(String);
  return sealContext('conduit result page v2', id, siteId, integratorId, ...numbers, encoding);
}
