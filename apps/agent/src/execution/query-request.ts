/** A `query.run` request as the agent understands it, after reading and validating every byte itself. */
import 'reflect-metadata';
import { ImmediateQueryDto } from '#libs/contracts/command.js';
import type { RunQueryMeta } from '#libs/contracts/link-messages.js';
import { readDto } from '#libs/contracts/read-dto.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

export interface QueryRequest {
  meta: RunQueryMeta;
  query: ImmediateQueryDto;
}

const TEXT_META = ['queryId', 'requestId', 'siteId', 'integratorId', 'keyId', 'grantId'] as const;
const NUMBER_META = ['grantSeq', 'maxWaitMs', 'executionLimitMs'] as const;
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
  oneOf('lane', ['immediate']);
  oneOf('form', ['objects', 'ndjson']);
  oneOf('columns', [true, false]);
  oneOf('resultSets', ['first', 'all']);
  oneOf('accept', [undefined, 'br']);
  const { maxResultBytes } = meta;
  if (maxResultBytes !== undefined && !Number.isSafeInteger(maxResultBytes)) {
    throw invalid('meta.maxResultBytes', 'must be a whole number');
  }
  return meta as unknown as RunQueryMeta;
}

/** @throws ConduitError BODY_NOT_JSON, or REQUEST_INVALID naming the first wrong field */
export function readQuery(body: Buffer): ImmediateQueryDto {
  return readDto(ImmediateQueryDto, parseObject(body));
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
