/** Pages that are packed: what is gained, who gets which, and what a liar among agents gains. */
import { randomBytes } from 'node:crypto';
import { brotliCompressSync, constants } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import type { PageHeader, SealedPage } from '#libs/contracts/result-page.js';
import { openText, openTextChunks, sealText } from '#libs/sealing/page-text.js';
import { deriveResultKey } from '#libs/sealing/result-key.js';
import { ResultOpener, ResultSealer } from '#libs/sealing/seal-result.js';

const MB = 1024 * 1024;
const context = { queryId: 'query-1', siteId: 'site-1', integratorId: 'integrator-1' };
const key = deriveResultKey(randomBytes(32), 'query-1');
const sealer = new ResultSealer(key.publicKey, context);
const opener = new ResultOpener(key.privateKey, sealer.keyEnvelope, context);
const place = { page: 1, rowsStart: 0, rowsEnd: 9 };

/** Rows as a practice has them: names that repeat, numbers that do not. */
function rowText(rows: number): Buffer {
  const names = Array.from({ length: 200 }, () => `Zz${randomBytes(4).toString('hex')}`);
  const pick = (): string => names[Math.floor(Math.random() * names.length)] as string;
  const all = Array.from({ length: rows }, (_, n) => ({
    ...{ INTERNALID: 100_000 + n, SURNAME: pick(), FIRSTNAME: pick(), SUBURB: pick() },
    ...{ MEDICARENO: String(Math.floor(Math.random() * 1e10)), DOB: '1970-01-01T00:00:00.000' },
  }));
  return Buffer.from(JSON.stringify(all));
}

async function chunksOf(page: SealedPage): Promise<Buffer[]> {
  const pieces: Buffer[] = [];
  for await (const piece of openTextChunks(opener, page)) pieces.push(piece);
  return pieces;
}

/** As an agent seals it that says of a page what it likes. */
const aLie = (said: Partial<PageHeader>, content: Buffer): SealedPage => {
  const header: PageHeader = { ...place, plainBytes: content.length, encoding: 'br', ...said };
  return { header, sealed: sealer.sealPage(header, content) };
};

const packed = (text: Buffer): Buffer =>
  brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });

const residentMb = (): number => process.memoryUsage.rss() / MB;

describe('the text of a page', () => {
  test('of rows is sealed in less than a third, and opens whole and in pieces', async () => {
    const text = rowText(8_000);
    const page = await sealText(sealer, place, text, 'br');
    expect(page.header).toEqual({ ...place, plainBytes: text.length, encoding: 'br' });
    expect(page.sealed.length).toBeLessThan(text.length / 3);
    expect((await openText(opener, page)).equals(text)).toBe(true);
    const pieces = await chunksOf(page);
    expect(Buffer.concat(pieces).equals(text)).toBe(true);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(64 * 1024);
  });

  test.each([
    ['that is short', Buffer.alloc(4 * 1024, 'a')],
    ['that gets no shorter', randomBytes(50_000)],
    ['that is empty', Buffer.alloc(0)],
  ])('%s stays as it is, and is bound all the same', async (_what, text) => {
    const page = await sealText(sealer, place, text, 'br');
    expect(page.header.encoding).toBe('identity');
    expect((await openText(opener, page)).equals(text)).toBe(true);
    const other = { ...page, header: { ...page.header, rowsEnd: 3 } };
    await expect(openText(opener, other)).rejects.toMatchObject({ code: 'SEAL_BROKEN' });
  });

  test('stays as it always was for a broker that says nothing of encodings', async () => {
    const text = rowText(1_000);
    const page = await sealText(sealer, place, text, undefined);
    expect(page.header).toEqual({ ...place, plainBytes: text.length });
    expect(opener.openPage({ ...page.header }, page.sealed).equals(text)).toBe(true);
    expect((await openText(opener, page)).equals(text)).toBe(true);
  });

  test('of any length leaves one of few packed lengths', async () => {
    const lengths = new Set<number>();
    const rows = rowText(4_000);
    const guess = randomBytes(400).toString('hex');
    for (let more = 0; more < 200; more += 1) {
      const text = Buffer.concat([rows, Buffer.from(guess.slice(0, more))]);
      lengths.add((await sealText(sealer, place, text, 'br')).sealed.length);
    }
    expect(lengths.size).toBeLessThanOrEqual(2);
  });
});

describe('an agent that lies', () => {
  const text = rowText(500);
  const broken = { code: 'SEAL_BROKEN' };

  test.each([
    ['more than it holds', aLie({ plainBytes: text.length + 1 }, packed(text))],
    ['less than it holds', aLie({ plainBytes: text.length - 1 }, packed(text))],
    ['nothing at all', aLie({ plainBytes: 0 }, packed(text))],
    ['text that is not packed', aLie({ plainBytes: text.length }, text)],
    [
      'packed text that ends early',
      aLie({ plainBytes: text.length }, packed(text).subarray(0, -9)),
    ],
    ['a size for text as it is', aLie({ encoding: 'identity', plainBytes: 5 }, text)],
    ['an encoding that nobody knows', aLie({ encoding: 'zstd' as never }, text)],
  ])('about a page, saying %s, is found out', async (_what, page) => {
    await expect(openText(opener, page)).rejects.toMatchObject(broken);
    await expect(chunksOf(page)).rejects.toMatchObject(broken);
  });

  test('with a page that stands for 512 MB costs what it declared, and not more', async () => {
    const bomb = packed(Buffer.alloc(512 * MB));
    expect(bomb.length).toBeLessThan(MB);
    const page = aLie({ plainBytes: 2 * MB }, bomb);
    const before = residentMb();
    let handedOut = 0;
    const read = async () => {
      for await (const piece of openTextChunks(opener, page)) handedOut += piece.length;
    };
    await expect(read()).rejects.toMatchObject(broken);
    await expect(openText(opener, page)).rejects.toMatchObject(broken);
    expect(handedOut).toBeLessThanOrEqual(2 * MB);
    expect(residentMb() - before).toBeLessThan(40);
  });

  test('gets no more unpacked than its reader takes', async () => {
    const page = aLie({ plainBytes: 512 * MB }, packed(Buffer.alloc(512 * MB)));
    const before = residentMb();
    const rows = (openTextChunks(opener, page) as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
    for (let taken = 0; taken < 20; taken += 1) expect((await rows.next()).done).toBe(false);
    expect(residentMb() - before).toBeLessThan(40);
    await rows.return?.();
  });
});

test('a packed page with any byte flipped yields nothing that it did not hold', async () => {
  const text = rowText(2_000);
  const { header, sealed } = await sealText(sealer, place, text, 'br');
  for (let at = 0; at < sealed.length; at += Math.ceil(sealed.length / 60)) {
    const changed = Buffer.from(sealed);
    changed.writeUInt8(changed.readUInt8(at) ^ 4, at);
    const pieces: Buffer[] = [];
    const read = async () => {
      for await (const piece of openTextChunks(opener, { header, sealed: changed }))
        pieces.push(piece);
    };
    await expect(read()).rejects.toMatchObject({ code: 'SEAL_BROKEN' });
    const out = Buffer.concat(pieces);
    expect(out.equals(text.subarray(0, out.length))).toBe(true);
  }
});
