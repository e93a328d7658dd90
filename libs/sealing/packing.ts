/**
 * A page's text made small before it is sealed, for nothing can do it afterwards, and made whole again.
 * Brotli (RFC 7932) of quality 1 over a small window: about a fifth of the bytes at some hundred MB a
 * second. The packed length is rounded up to one of 32 steps between powers of two: it says
 * less of what the text repeats (docs/decisions/0036-pages-compressed.md).
 */
import { pipeline, Readable } from 'node:stream';
import { promisify } from 'node:util';
import { brotliCompress, constants, createBrotliDecompress } from 'node:zlib';
import { ConduitError } from '#libs/errors/conduit-error.js';

const compress = promisify(brotliCompress);

/** Below it the place is not worth the work. */
const WORTH_BYTES = 4 * 1024;
/** What packing has to take away, of the whole. */
const WORTH_SHARE = 1 / 8;
const QUALITY = 1;
const WINDOW_BITS = 18;
const STEPS_BITS = 5;
const PIECE_BYTES = 64 * 1024;

/** @returns undefined when the text is short, or gets hardly shorter */
export async function packText(text: Buffer): Promise<Buffer | undefined> {
  if (text.length <= WORTH_BYTES) return undefined;
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: QUALITY,
    [constants.BROTLI_PARAM_LGWIN]: WINDOW_BITS,
    [constants.BROTLI_PARAM_SIZE_HINT]: text.length,
  };
  const packed = await compress(text, { params, chunkSize: PIECE_BYTES });
  const rounded = roundUp(packed.length);
  if (rounded > text.length * (1 - WORTH_SHARE)) return undefined;
  // The stream ends by itself: no reader looks at what follows its end.
  return Buffer.concat([packed, Buffer.alloc(rounded - packed.length)]);
}

/**
 * Pieces of the text, no faster than they are read. Packed bytes may stand for gigabytes, so what comes
 * out is counted, and no more than was declared is ever handed out.
 * @param plainBytes what the text has to come to, exactly
 * @throws ConduitError SEAL_BROKEN for bytes that are not packed text, or another length; what
 *   `packed` throws
 */
export async function* unpackText(
  packed: Iterable<Buffer>,
  plainBytes: number,
): AsyncGenerator<Buffer, void, void> {
  const source = Readable.from(packed, { objectMode: false, highWaterMark: PIECE_BYTES });
  const decoder = createBrotliDecompress({ chunkSize: PIECE_BYTES });
  try {
    yield* exactly(
      pipeline(source, decoder, () => undefined),
      plainBytes,
    );
  } catch (error) {
    if (error instanceof ConduitError) throw error;
    throw new ConduitError('SEAL_BROKEN', { cause: error });
  }
}

/** @throws ConduitError SEAL_BROKEN before more than `bytes` are handed out, or after fewer */
export async function* exactly(
  pieces: Iterable<Buffer> | AsyncIterable<Buffer>,
  bytes: number,
): AsyncGenerator<Buffer, void, void> {
  let left = bytes;
  for await (const piece of pieces) {
    left -= piece.length;
    if (left < 0) throw new ConduitError('SEAL_BROKEN');
    yield piece;
  }
  if (left !== 0) throw new ConduitError('SEAL_BROKEN');
}

/** At most a thirty-second more. */
function roundUp(bytes: number): number {
  const step = 2 ** Math.max(0, 31 - Math.clz32(bytes) - STEPS_BITS);
  return Math.ceil(bytes / step) * step;
}
