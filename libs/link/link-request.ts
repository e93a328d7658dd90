/**
 * The request as it travels: u32 header length | JSON header | opaque body. The header names the
 * pattern and carries `meta`; the body is never parsed here, only handed on.
 */
import { ConduitError } from '#libs/errors/conduit-error.js';

/** What a handler receives as `@Payload()`. */
export class LinkRequest<Meta extends object = Record<string, unknown>> {
  constructor(
    /** The name of the handler, e.g. `query.run`. */
    readonly pattern: string,
    /** The parsed JSON object that came with the request. */
    readonly meta: Meta,
    /** Opaque bytes; empty when the caller sent none. */
    readonly body: Buffer,
    /** A one-way message: acknowledged on receipt, never answered. */
    readonly isEvent: boolean = false,
  ) {}
}

const LENGTH_BYTES = 4;
const MAX_HEADER_BYTES = 1024 * 1024;
const JOIN_BELOW_BYTES = 16 * 1024;

/**
 * @param meta JSON-serialisable object
 * @returns the parts of the request payload; small ones joined so that they leave as one frame
 */
export function encodeRequest(
  pattern: string,
  meta: object,
  body: Uint8Array | undefined,
  isEvent: boolean,
): Uint8Array[] {
  const json = JSON.stringify(isEvent ? { pattern, meta, event: true } : { pattern, meta });
  const headerBytes = Buffer.byteLength(json);
  const bodyBytes = body?.length ?? 0;
  const joined = headerBytes + bodyBytes <= JOIN_BELOW_BYTES ? bodyBytes : 0;
  const first = Buffer.allocUnsafe(LENGTH_BYTES + headerBytes + joined);
  first.writeUInt32BE(headerBytes, 0);
  first.write(json, LENGTH_BYTES, 'utf8');
  if (body === undefined || bodyBytes === 0) return [first];
  if (joined === 0) return [first, body];
  first.set(body, LENGTH_BYTES + headerBytes);
  return [first];
}

/** @throws ConduitError REQUEST_INVALID when the payload has not the form above */
export function decodeRequest(payload: Buffer): LinkRequest {
  const headerBytes = payload.length >= LENGTH_BYTES ? payload.readUInt32BE(0) : Infinity;
  const bodyStart = LENGTH_BYTES + headerBytes;
  if (headerBytes > MAX_HEADER_BYTES || bodyStart > payload.length) throw malformed();
  const header = parseObject(payload.toString('utf8', LENGTH_BYTES, bodyStart));
  const { pattern, meta, event } = header;
  if (typeof pattern !== 'string' || !isPlainObject(meta)) throw malformed();
  return new LinkRequest(pattern, meta, payload.subarray(bodyStart), event === true);
}

function parseObject(json: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json);
    if (isPlainObject(value)) return value;
  } catch {
    // The parser's message would quote the input.
  }
  throw malformed();
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function malformed(): ConduitError {
  return new ConduitError('REQUEST_INVALID', { facts: { problem: 'malformed link request' } });
}
