/**
 * Errors on the link: an ERROR message is JSON `{code, facts}` and nothing else. What comes in is
 * trusted only as far as the catalogue: unknown codes become LINK_PROTOCOL, and of the facts only
 * the allowed fields, of the right type and a bounded length, get through.
 */
import { isErrorCode } from '#libs/errors/catalogue.js';
import { ConduitError, type ErrorFacts } from '#libs/errors/conduit-error.js';
import { ResetReason } from '#libs/link/frame.js';
import { isPlainObject } from '#libs/link/link-request.js';

const FACT_TYPES = {
  field: 'string',
  problem: 'string',
  limit: 'number',
  unit: 'string',
  retryAfterMs: 'number',
  queryId: 'string',
  reason: 'string',
  sqlErrorNumber: 'number',
  host: 'string',
} as const satisfies Partial<Record<keyof ErrorFacts, 'string' | 'number'>>;

const MAX_FACT_LENGTH = 200;

/** The payload of an ERROR message. Anything that is not ours travels as a bare INTERNAL. */
export function encodeError(error: unknown): Buffer {
  const { code, facts } = error instanceof ConduitError ? error : { code: 'INTERNAL', facts: {} };
  return Buffer.from(JSON.stringify({ code, facts }));
}

/** @param payload of an ERROR message, as the other side sent it */
export function decodeError(payload: Buffer): ConduitError {
  let said: unknown;
  try {
    said = JSON.parse(payload.toString('utf8'));
  } catch {
    return new ConduitError('LINK_PROTOCOL');
  }
  if (!isPlainObject(said) || !isErrorCode(said['code'])) return new ConduitError('LINK_PROTOCOL');
  return new ConduitError(said['code'], { facts: allowedFacts(said['facts']) });
}

function allowedFacts(said: unknown): ErrorFacts {
  if (!isPlainObject(said)) return {};
  const facts: Record<string, unknown> = {};
  for (const [name, type] of Object.entries(FACT_TYPES)) {
    const value = Object.hasOwn(said, name) ? said[name] : undefined;
    if (typeof value !== type) continue;
    if (typeof value === 'string' && value.length > MAX_FACT_LENGTH) continue;
    facts[name] = value;
  }
  return facts;
}

/**
 * What a reset means to the side that receives it.
 *
 * @param toOpener whether that side had opened the stream
 */
export function resetError(reason: number, toOpener: boolean): ConduitError {
  if (!toOpener) return new ConduitError('CLIENT_GONE');
  switch (reason) {
    case ResetReason.refused:
      return new ConduitError('LINK_REFUSED');
    case ResetReason.internal:
      return new ConduitError('INTERNAL');
    case ResetReason.tooLarge:
      return new ConduitError('BODY_TOO_LARGE');
    case ResetReason.cancelled:
      return new ConduitError('LINK_CLOSED', { facts: { reason: 'cancelled' } });
    default:
      return new ConduitError('LINK_PROTOCOL');
  }
}
