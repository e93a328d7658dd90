/**
 * The agent's row bytes, unpacked when the reader of them cannot do it. Packed bytes are the word of
 * an agent: a few of them may stand for gigabytes, so what comes out is what is counted, and no more
 * comes out than the reader takes.
 */
import { pipeline, Readable } from 'node:stream';
import { createBrotliDecompress } from 'node:zlib';
import type { HeldAnswer } from '#apps/broker/src/queries/answer-budget.js';
import type { RunQueryHead } from '#libs/contracts/link-messages.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { LinkReplyReader } from '#libs/link/link-reply-reader.js';

const PIECE_BYTES = 64 * 1024;

/** @returns the bytes as rows' text; errors of the link come through as they are */
export function plainBytes(reader: LinkReplyReader): AsyncIterable<Buffer> {
  const head = reader.head as RunQueryHead | undefined;
  return head?.encoding === 'br' ? unpacked(reader.body) : reader.body;
}

/** Leaving early leaves the packed bytes too, which cancels the request. */
async function* unpacked(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
  const source = Readable.from(packed, { objectMode: false, highWaterMark: PIECE_BYTES });
  const decoder = createBrotliDecompress({ chunkSize: PIECE_BYTES });
  try {
    yield* pipeline(source, decoder, () => undefined) as AsyncIterable<Buffer>;
  } catch (error) {
    if (error instanceof ConduitError) throw error;
    throw new ConduitError('LINK_PROTOCOL', { cause: error });
  }
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
