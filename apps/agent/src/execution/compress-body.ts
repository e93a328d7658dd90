/**
 * Brotli for bodies worth it, once, at the practice: its upload line is the narrow place. Small
 * answers stay as they are; rows that come slowly are flushed, not held back.
 */
import { constants, createBrotliCompress, type BrotliCompress } from 'node:zlib';
import type { ChunkQueue } from '#apps/agent/src/pms/rows/chunk-queue.js';

const WORTH_BYTES = 4 * 1024;
/** How long the first bytes may wait for the decision. */
const DECIDE_WITHIN_MS = 50;
const QUALITY = 1;
const WINDOW_BITS = 18;

export type BodyEncoding = 'identity' | 'br';

export interface EncodedBody {
  encoding: BodyEncoding;
  body: AsyncIterable<Uint8Array>;
}

/** Decides once enough has come, the body has ended, or it has waited long enough. */
export async function compressBody(chunks: ChunkQueue): Promise<EncodedBody> {
  await chunks.holds(WORTH_BYTES, DECIDE_WITHIN_MS);
  if (chunks.isEnded && chunks.heldBytes <= WORTH_BYTES)
    return { encoding: 'identity', body: chunks };
  return { encoding: 'br', body: brotli(chunks) };
}

async function* brotli(chunks: ChunkQueue): AsyncGenerator<Uint8Array, void, void> {
  const coder = createBrotliCompress({
    params: {
      [constants.BROTLI_PARAM_QUALITY]: QUALITY,
      [constants.BROTLI_PARAM_LGWIN]: WINDOW_BITS,
    },
  });
  void feed(chunks, coder);
  try {
    for await (const piece of coder) yield piece as Buffer;
  } finally {
    coder.destroy();
    chunks.abandon();
  }
}

async function feed(chunks: ChunkQueue, coder: BrotliCompress): Promise<void> {
  try {
    for await (const chunk of chunks) {
      await written(coder, chunk);
      // Nothing more is waiting: what the coder holds would lag behind the database.
      if (chunks.isEmpty && !chunks.isEnded) await flushed(coder);
    }
    coder.end();
  } catch (error) {
    coder.destroy(error as Error);
  }
}

function written(coder: BrotliCompress, chunk: Buffer): Promise<void> {
  return settled(coder, (done) => coder.write(chunk, done));
}

function flushed(coder: BrotliCompress): Promise<void> {
  return settled(coder, (done) => coder.flush(constants.BROTLI_OPERATION_FLUSH, done));
}

/** zlib calls nobody back once the coder is destroyed: the reader may leave at any moment. */
function settled(coder: BrotliCompress, start: (done: () => void) => void): Promise<void> {
  if (coder.destroyed) return Promise.reject(new Error('the reader has left'));
  return new Promise((resolve, reject) => {
    const onClose = (): void => reject(new Error('the reader has left'));
    coder.once('close', onClose);
    start(() => {
      coder.off('close', onClose);
      resolve();
    });
  });
}
