import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  decodePages,
  encodePage,
  type PageHeader,
  type SealedPage,
} from '#libs/contracts/result-page.js';

const page = (n: number, sealed: Buffer): SealedPage => ({
  header: { page: n, rowsStart: n * 10, rowsEnd: n * 10 + 9, plainBytes: sealed.length },
  sealed,
});

async function* cut(bytes: Buffer, sizes: number[]): AsyncGenerator<Buffer> {
  let at = 0;
  for (let i = 0; at < bytes.length; i += 1) {
    const size = sizes[i % sizes.length] as number;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function read(body: AsyncIterable<Uint8Array>): Promise<SealedPage[]> {
  const pages: SealedPage[] = [];
  for await (const one of decodePages(body)) pages.push(one);
  return pages;
}

describe('sealed pages on the link', () => {
  test('pages come out as they went in, wherever the fragments end', async () => {
    const pages = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 });
    const sizes = fc.array(fc.integer({ min: 1, max: 97 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(pages, sizes, async (contents, fragmentSizes) => {
        const sent = contents.map((content, n) => page(n, Buffer.from(content)));
        const bytes = Buffer.concat(sent.flatMap((one) => encodePage(one)));
        expect(await read(cut(bytes, fragmentSizes))).toEqual(sent);
      }),
      { numRuns: 200 },
    );
  });

  test('a page tells those that wait behind it, as soon as it begins to come', async () => {
    const [first, ...rest] = [1, 2, 3].map((n) => page(n, Buffer.alloc(n)));
    const behind = rest.map(({ header }) => header);
    const bytes = Buffer.concat(encodePage(first as SealedPage, behind));
    const told: PageHeader[][] = [];
    const body = cut(bytes.subarray(0, bytes.length - 1), [11]);
    const pages = decodePages(body, (coming) => told.push(coming));
    await expect(pages.next()).rejects.toMatchObject({ code: 'LINK_PROTOCOL' });
    expect(told).toEqual([[first?.header, ...behind]]);
  });

  test('of a thousand pages behind only the next are told', async () => {
    const behind = Array.from({ length: 1_000 }, (_, n) => ({
      ...{ page: n + 2, plainBytes: 60 * 1024 * 1024 },
      ...{ rowsStart: 9_000_000_000 + n * 10, rowsEnd: 9_000_000_000 + n * 10 + 9 },
    }));
    const one = page(1, Buffer.alloc(5));
    one.header.rowsEnd = 8_999_999_999;
    const told: PageHeader[][] = [];
    const body = cut(Buffer.concat(encodePage(one, behind)), [64]);
    for await (const read of decodePages(body, (coming) => told.push(coming)))
      expect(read).toEqual(one);
    expect(told[0]).toEqual([one.header, ...behind.slice(0, 16)]);
  });

  test.each([
    ['an encoding that nobody knows', { encoding: 'zstd' }],
    ['more text than a page may have', { encoding: 'br', plainBytes: 64 * 1024 * 1024 + 1 }],
    ['pages behind it that are none', { behind: 'many' }],
    ['more pages behind it than are told', { behind: Array(17).fill([1, 1]) }],
    ['pages behind it that go back', { behind: [[1, 5]] }],
  ])('a header with %s is refused', async (_what, more) => {
    const one = page(1, Buffer.alloc(5));
    Object.assign(one.header, more);
    await expect(read(cut(Buffer.concat(encodePage(one)), [64]))).rejects.toMatchObject({
      code: 'LINK_PROTOCOL',
    });
  });

  test('a body that ends inside a page is refused', async () => {
    const bytes = Buffer.concat(encodePage(page(1, Buffer.alloc(50))));
    for (const length of [1, 4, 20, bytes.length - 1]) {
      await expect(read(cut(bytes.subarray(0, length), [7]))).rejects.toMatchObject({
        code: 'LINK_PROTOCOL',
      });
    }
  });

  test.each([
    ['a header that is too long', Buffer.from([0, 0, 8, 0, 1])],
    ['a header that is no JSON', Buffer.from([0, 0, 0, 1, 0x7b, 0, 0, 0, 0])],
    ['a header without its fields', Buffer.concat([Buffer.from([0, 0, 0, 2]), Buffer.from('{}')])],
  ])('%s is refused', async (_what, bytes) => {
    await expect(read(cut(bytes, [64]))).rejects.toMatchObject({ code: 'LINK_PROTOCOL' });
  });

  test('a page longer than any page may be is refused before it is held', async () => {
    const [before] = encodePage(page(1, Buffer.alloc(0))) as [Buffer];
    before.writeUInt32BE(0xffff_ffff, before.length - 4);
    await expect(read(cut(before, [9]))).rejects.toMatchObject({ code: 'LINK_PROTOCOL' });
  });
});
