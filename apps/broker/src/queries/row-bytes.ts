/** The agent's row bytes, decompressed when the reader of them cannot do it. */
import { pipeline, Readable } from 'node:stream';
import { createBrotliDecompress } from 'node:zlib';
import type { HeldAnswer } from '#apps/broker/src/queries/answer-budget.js';
import type { RunQueryHead } from '#libs/contracts/link-messages.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { LinkReplyReader } from '#libs/link/link-reply-reader.js';

/** @returns the bytes as rows' text; errors of the link come through as they are */
export function plainBytes(reader: LinkReplyReader): AsyncIterable<Buffer> {
  const head = reader.head as RunQueryHead | undefined;
  if (head?.encoding !== 'br') return reader.body;
  const source = Readable.from(reader.body, { objectMode: false, highWaterMark: 64 * 1024 });
  return pipeline(source, createBrotliDecompress(), () => undefined) as AsyncIterable<Buffer>;
}

/**
 * All of it, for an answer whose status depends on how it ends.
 * @param held counts what is collected
 * @throws ConduitError RESULT_TOO_LARGE when the agent sends more than it was told to
 */
export async function collectBytes(
  reader: LinkReplyReader,
  maxBytes: number,
  held: HeldAnswer | undefined,
): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of plainBytes(reader)) {
    size += chunk.length;
    if (size > maxBytes) {
      const error = new ConduitError('RESULT_TOO_LARGE', {
        facts: { limit: maxBytes, unit: 'bytes' },
      });
      reader.cancel(error);
      throw error;
    }
    chunks.push(chunk);
    const room = held?.add(chunk.length);
    if (room) await room;
  }
  return chunks;
}
