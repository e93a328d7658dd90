/**
 * Reads a request body that nothing has touched yet: guards have run before the first byte is
 * taken. Size first, then the media type's promise that it is JSON in UTF-8.
 */
import { isUtf8 } from 'node:buffer';
import type { FastifyRequest } from 'fastify';
import { ConduitError } from '#libs/errors/conduit-error.js';

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i;

/** Every body but a query's. */
export const SMALL_BODY_BYTES = 64 * 1024;

/**
 * @returns the bytes as sent
 * @throws ConduitError MEDIA_TYPE_UNSUPPORTED, BODY_TOO_LARGE, CLIENT_GONE
 */
export function readBody(request: FastifyRequest, maxBytes: number): Promise<Buffer> {
  const { headers, raw } = request;
  const tooLarge = () =>
    new ConduitError('BODY_TOO_LARGE', { facts: { limit: maxBytes, unit: 'bytes' } });
  if (!JSON_TYPE.test(headers['content-type'] ?? '')) {
    return Promise.reject(new ConduitError('MEDIA_TYPE_UNSUPPORTED'));
  }
  if (Number(headers['content-length'] ?? 0) > maxBytes) return Promise.reject(tooLarge());
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    raw.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
      else reject(tooLarge());
    });
    raw.once('end', () => {
      raw.off('close', gone);
      resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks));
    });
    const gone = () => reject(new ConduitError('CLIENT_GONE'));
    raw.once('error', gone);
    raw.once('close', gone);
  });
}

/** @throws ConduitError BODY_NOT_JSON; the parser's own message would quote the input */
export function parseJson(body: Buffer): unknown {
  if (!isUtf8(body)) throw new ConduitError('BODY_NOT_JSON');
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    throw new ConduitError('BODY_NOT_JSON');
  }
}
