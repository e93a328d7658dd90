import { brotliCompressSync, constants, createBrotliCompress } from 'node:zlib';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { collectBytes, plainBytes } from '#apps/broker/src/queries/row-bytes.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { LinkReplyReader } from '#libs/link/link-reply-reader.js';

const MB = 1024 * 1024;

interface Packed extends LinkReplyReader {
  seen: { cancelled?: ConduitError; hasLeft?: boolean };
}

function aReader(pieces: Iterable<Buffer> | (() => AsyncGenerator<Buffer>)): Packed {
  const seen: Packed['seen'] = {};
  return {
    seen,
    head: { encoding: 'br' },
    end: Promise.resolve({}),
    cancel: (error) => (seen.cancelled = error),
    body: (async function* () {
      try {
        yield* typeof pieces === 'function' ? pieces() : pieces;
      } finally {
        seen.hasLeft = true;
      }
    })(),
  };
}

const residentMb = (): number => process.memoryUsage.rss() / MB;

/** Packed bytes that stand for a gigabyte. */
async function aBomb(): Promise<Buffer> {
  const coder = createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });
  const zeros = Buffer.alloc(4 * MB);
  void (async () => {
    for (let sent = 0; sent < 1024 * MB; sent += zeros.length) {
      await new Promise<void>((resolve) => coder.write(zeros, () => resolve()));
    }
    coder.end();
  })();
  const pieces: Buffer[] = [];
  for await (const piece of coder) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

describe('packed bytes that stand for a gigabyte', () => {
  let bomb: Buffer;

  beforeAll(async () => {
    bomb = await aBomb();
  }, 60_000);

  test('are counted as they come out, and cost no more than an answer may', async () => {
    expect(bomb.length).toBeLessThan(MB);
    const before = residentMb();
    const reader = aReader([bomb]);
    await expect(collectBytes(reader, 8 * MB, undefined)).rejects.toMatchObject({
      code: 'RESULT_TOO_LARGE',
    });
    expect(residentMb() - before).toBeLessThan(80);
    expect(reader.seen.cancelled?.code).toBe('RESULT_TOO_LARGE');
    expect(reader.seen.hasLeft).toBe(true);
  });

  test('come out no faster than a stream of them is read', async () => {
    const before = residentMb();
    const rows = plainBytes(aReader([bomb]))[Symbol.asyncIterator]();
    for (let taken = 0; taken < 20; taken++) {
      expect((await rows.next()).done).toBe(false);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(residentMb() - before).toBeLessThan(40);
    await rows.return?.(undefined);
  });
});

test('bytes that are not what they say break the rules of the link', async () => {
  const read = collectBytes(aReader([Buffer.from('[{"a":1}]')]), MB, undefined);
  await expect(read).rejects.toMatchObject({ code: 'LINK_PROTOCOL' });
  const whole = brotliCompressSync(Buffer.alloc(100_000, 'row '));
  const cut = collectBytes(aReader([whole.subarray(0, whole.length - 3)]), MB, undefined);
  await expect(cut).rejects.toMatchObject({ code: 'LINK_PROTOCOL' });
});

test('a link that is cut is told as what it is', async () => {
  const reader = aReader(async function* () {
    yield brotliCompressSync(Buffer.alloc(100_000, 'row ')).subarray(0, 10);
    throw new ConduitError('LINK_CLOSED');
  });
  await expect(collectBytes(reader, MB, undefined)).rejects.toMatchObject({ code: 'LINK_CLOSED' });
});

test('a reader that leaves leaves the packed bytes too', async () => {
  const packed = [brotliCompressSync(Buffer.alloc(100_000, 'row '))];
  const left = new Promise<void>((resolve) => {
    const body: AsyncIterableIterator<Buffer> = {
      [Symbol.asyncIterator]: () => body,
      next: () => {
        const value = packed.shift();
        return value ? Promise.resolve({ value, done: false }) : new Promise(() => undefined);
      },
      return: () => {
        resolve();
        return Promise.resolve({ value: undefined, done: true });
      },
    };
    void (async () => {
      for await (const rows of plainBytes({ ...aReader([]), body })) if (rows.length > 0) break;
    })();
  });
  await left;
});
