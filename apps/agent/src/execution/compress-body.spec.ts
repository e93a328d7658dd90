import { brotliDecompressSync, createBrotliDecompress } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { compressBody, type EncodedBody } from '#apps/agent/src/execution/compress-body.js';
import { ChunkQueue } from '#apps/agent/src/pms/rows/chunk-queue.js';

const KB = 1024;

function aQueue(...chunks: Buffer[]): ChunkQueue {
  const queue = new ChunkQueue(256 * KB);
  for (const chunk of chunks) queue.push(chunk);
  return queue;
}

async function bytesOf({ body }: EncodedBody): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Whether it was decided before any timer could run. */
async function isDecidedAtOnce(decision: Promise<EncodedBody>): Promise<boolean> {
  let isDecided = false;
  void decision.then(() => (isDecided = true));
  await new Promise((resolve) => setImmediate(resolve));
  return isDecided;
}

test('a small body that has ended goes at once, as it is', async () => {
  const row = Buffer.from('[{"n":1}]');
  const queue = aQueue(row);
  queue.end();
  const decision = compressBody(queue);
  expect(await isDecidedAtOnce(decision)).toBe(true);
  expect((await decision).encoding).toBe('identity');
  expect(await bytesOf(await decision)).toEqual(row);
});

test('a small body that ends while it is waited for goes when it ends', async () => {
  const queue = aQueue(Buffer.from('[{"n":1}'));
  const decision = compressBody(queue);
  expect(await isDecidedAtOnce(decision)).toBe(false);
  queue.push(Buffer.from(']'));
  queue.end();
  expect(await isDecidedAtOnce(decision)).toBe(true);
  expect((await bytesOf(await decision)).toString()).toBe('[{"n":1}]');
});

test('a body above 4 KB goes packed, at once, whether or not it has ended', async () => {
  for (const hasEnded of [true, false]) {
    const queue = aQueue(Buffer.alloc(3 * KB, 'row '), Buffer.alloc(3 * KB, 'row '));
    if (hasEnded) queue.end();
    const decision = compressBody(queue);
    expect(await isDecidedAtOnce(decision)).toBe(true);
    queue.end();
    const bytes = await bytesOf(await decision);
    expect(bytes.length).toBeLessThan(KB);
    expect(brotliDecompressSync(bytes)).toEqual(Buffer.alloc(6 * KB, 'row '));
  }
});

test('rows that come slowly leave one by one, to their last letter', async () => {
  const rows = Array.from(
    { length: 8 },
    (_, n) => `{"n":${n},"t":"${'zz row '.repeat(40 + n)}"}\n`,
  );
  const queue = aQueue(Buffer.from(rows[0] as string));
  const { encoding, body } = await compressBody(queue);
  expect(encoding).toBe('br');
  const decoder = createBrotliDecompress();
  void (async () => {
    for await (const piece of body) decoder.write(piece);
    decoder.end();
  })();
  const read = decoder[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  for (const [n, row] of rows.entries()) {
    if (n > 0) queue.push(Buffer.from(row));
    let text = '';
    while (text.length < row.length) text += String((await read.next()).value);
    expect(text).toBe(row);
  }
  queue.end();
  expect((await read.next()).done).toBe(true);
});

test('a reader that leaves lets the producer go on', async () => {
  const queue = aQueue(Buffer.alloc(300 * KB, 'row '));
  const room = queue.ready();
  const { body } = await compressBody(queue);
  for await (const piece of body) if (piece.length > 0) break;
  await room;
  expect(queue.isAbandoned).toBe(true);
});
