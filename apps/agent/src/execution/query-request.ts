/** A `query.run` request as the agent understands it, after reading and validating every byte itself. */
import 'reflect-metadata';
import { AsyncQueryDto, ImmediateQueryDto, type QueryDto } from '#libs/contracts/command.js';
import type { QueryLane, RunQueryMeta } from '#libs/contracts/link-messages.js';
import { readDto } from '#libs/contracts/read-dto.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

export interface QueryRequest {
  meta: RunQueryMeta;
  query: QueryDto;
}

const TEXT_META = ['queryId', 'requestId', 'siteId', 'integratorId', 'keyId', 'grantId'] as const;
const NUMBER_META = ['grantSeq', 'maxWaitMs', 'executionLimitMs'] as const;
/** Raw X25519, base64url. */
const PUBLIC_KEY = /^[A-Za-z0-9_-]{43}$/;
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;
/** These go into the journal as they are. */
const META_TEXT = /^[A-Za-z0-9._-]{1,200}$/;

function invalid(field: string, problem: string): ConduitError {
  return new ConduitError('REQUEST_INVALID', { facts: { field, problem } });
}

/** @throws ConduitError REQUEST_INVALID naming the field of the meta that the broker got wrong */
export function checkMeta(meta: Record<string, unknown>): RunQueryMeta {
  for (const field of TEXT_META) {
    const value = meta[field];
    if (typeof value !== 'string' || !META_TEXT.test(value)) {
      throw invalid(`meta.${field}`, 'must be a short text of letters, digits, dots and dashes');
    }
  }
  for (const field of NUMBER_META) {
    const value = meta[field];
    if (!Number.isSafeInteger(value) || (value as number) < 0) {
      throw invalid(`meta.${field}`, 'must be a whole number from 0');
    }
  }
  const oneOf = (field: string, allowed: readonly unknown[]): void => {
    if (!allowed.includes(meta[field])) throw invalid(`meta.${field}`, 'has an unknown value');
  };
  // A registered query was sent to the agent before; its runs are the agent's own.
  oneOf('lane', ['immediate', 'async']);
  const isAsync = meta['lane'] === 'async';
  oneOf('form', isAsync ? ['pages'] : ['objects', 'ndjson']);
  oneOf('columns', [true, false]);
  oneOf('resultSets', isAsync ? ['first'] : ['first', 'all']);
  oneOf('accept', [undefined, 'br']);
  oneOf('keyMinted', [undefined, true]);
  oneOf('pageEncoding', isAsync ? [undefined, 'br'] : [undefined]);
  const { maxResultBytes } = meta;
  if (maxResultBytes !== undefined && !Number.isSafeInteger(maxResultBytes)) {
    throw invalid('meta.maxResultBytes', 'must be a whole number');
  }
  checkKeys(meta, isAsync);
  return meta as unknown as RunQueryMeta;
}

/** What waited was sealed on its way here, and its result is sealed on its way back. */
function checkKeys(meta: Record<string, unknown>, isAsync: boolean): void {
  for (const field of ['sealedTo', 'resultKey']) {
    const value = meta[field];
    const isRight = isAsync
      ? typeof value === 'string' && PUBLIC_KEY.test(value)
      : value === undefined;
    if (!isRight) throw invalid(`meta.${field}`, 'must be a public key of an async query');
  }
  const { idempotencyKey } = meta;
  if (idempotencyKey === undefined && !isAsync) return;
  if (typeof idempotencyKey !== 'string' || !IDEMPOTENCY_KEY.test(idempotencyKey))
    throw invalid('meta.idempotencyKey', 'must be 1 to 255 visible ASCII characters');
}

/** @throws ConduitError BODY_NOT_JSON, or REQUEST_INVALID naming the first wrong field */
export function readQuery(lane: QueryLane, body: Buffer): QueryDto {
  return readDto(lane === 'async' ? AsyncQueryDto : ImmediateQueryDto, parseObject(body));
}

function parseObject(body: Buffer): object {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // The parser's message quotes the body.
  }
  throw new ConduitError('BODY_NOT_JSON');
}
