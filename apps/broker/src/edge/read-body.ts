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
 * @param arrived told the size of each chunk before it is kept; what it throws ends the reading
 * @returns the bytes as sent
 * @throws ConduitError MEDIA_TYPE_UNSUPPORTED, BODY_TOO_LARGE, CLIENT_GONE
 */
export function readBody(
  request: FastifyRequest,
  maxBytes: number,
  arrived?: (chunkBytes: number) => void,
  mediaType: RegExp = JSON_TYPE,
): Promise<Buffer> {
  const { headers, raw } = request;
  const tooLarge = () =>
    new ConduitError('BODY_TOO_LARGE', { facts: { limit: maxBytes, unit: 'bytes' } });
  if (!mediaType.test(headers['content-type'] ?? '')) {
    return Promise.reject(new ConduitError('MEDIA_TYPE_UNSUPPORTED'));
  }
  if (Number(headers['content-length'] ?? 0) > maxBytes) return Promise.reject(tooLarge());
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let size = 0;
    const take = (chunk: Buffer) => {
      try {
        size += chunk.length;
        if (size > maxBytes) throw tooLarge();
        arrived?.(chunk.length);
        chunks.push(chunk);
      } catch (error) {
        // The rest may still be sent; it is let go by, and what was kept is let go.
        raw.off('data', take).resume();
        chunks = [];
        reject(error as Error);
      }
    };
    raw.on('data', take);
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
