/** Pages that wait at the practice: on a real disk, small, full, slow to be emptied, and left behind. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { SealedPage } from '#libs/contracts/result-page.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { PageSpool } from '#apps/agent/src/spool/page-spool.js';
import { SiteSpool } from '#apps/agent/src/spool/site-spool.js';
import { SpoolFolder } from '#apps/agent/src/spool/spool-folder.js';

let state: string;

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'conduit-spool-'));
});

afterEach(() => rmSync(state, { recursive: true, force: true }));

const PAGE = 1_000;
const aPage = (page: number, bytes = PAGE): SealedPage => ({
  header: { page, rowsStart: 0, rowsEnd: -1, plainBytes: 0 },
  sealed: Buffer.alloc(bytes, page),
});

const files = (): string[] => readdirSync(join(state, 'spool'));

/** Memory for two pages, files for `pages`. */
const aSpool = (pages: number, more: { fullMs?: number; keepMs?: number } = {}): SiteSpool =>
  new SiteSpool(
    SpoolFolder.emptied(state, 0),
    { maxSpoolBytes: pages * PAGE, maxSpoolMs: more.keepMs ?? 60_000 },
    { memoryBytes: 2 * PAGE, fullMs: more.fullMs ?? 20 },
  );

async function drain(spool: PageSpool): Promise<number[]> {
  const pages: number[] = [];
  for await (const { header, sealed } of spool) {
    expect(sealed).toEqual(aPage(header.page).sealed);
    pages.push(header.page);
  }
  return pages;
}

const settled = async (site: SiteSpool): Promise<void> => {
  while (files().length > 0 || site.fileBytes > 0)
    await new Promise((resolve) => setTimeout(resolve, 5));
};

describe('pages that wait', () => {
  test('come out as they went in, through memory and files, and leave nothing', async () => {
    const site = aSpool(100);
    const spool = site.open();
    for (let n = 1; n <= 10; n += 1) await spool.put(aPage(n));
    expect(files()).toHaveLength(8);
    expect(site.fileBytes).toBe(8 * PAGE);
    spool.close(aPage(0));
    expect(await drain(spool)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0]);
    expect(files()).toEqual([]);
    expect(site.fileBytes).toBe(0);
  });

  test("are for the agent's own eyes", async () => {
    const site = aSpool(100);
    const spool = site.open();
    for (let n = 1; n <= 3; n += 1) await spool.put(aPage(n));
    const folder = join(state, 'spool');
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, files()[0] as string)).mode & 0o777).toBe(0o600);
    spool.abandon();
    await settled(site);
  });

  test('are destroyed at the next start, whoever left them', () => {
    mkdirSync(join(state, 'spool'));
    writeFileSync(join(state, 'spool', 'left.page'), 'x');
    SpoolFolder.emptied(state, 0);
    expect(files()).toEqual([]);
  });

  test('are destroyed when their time is over, and the reader is told', async () => {
    const site = aSpool(100, { keepMs: 100 });
    const spool = site.open();
    // On a slow disk the time may be over before all are there.
    for (let n = 1; n <= 5; n += 1) await spool.put(aPage(n)).catch(() => undefined);
    await spool.over;
    await settled(site);
    await expect(drain(spool)).rejects.toMatchObject({ code: 'SPOOL_EXPIRED' });
    await expect(spool.put(aPage(6))).rejects.toMatchObject({ code: 'SPOOL_EXPIRED' });
  });

  test('are destroyed when the reader leaves in the middle', async () => {
    const site = aSpool(100);
    const spool = site.open();
    for (let n = 1; n <= 5; n += 1) await spool.put(aPage(n));
    for await (const page of spool) {
      void page;
      break;
    }
    await settled(site);
    await spool.put(aPage(6));
    expect(files()).toEqual([]);
  });

  test('are destroyed when the result fails, and an outcome may still follow a discard', async () => {
    const spool = aSpool(100).open();
    for (let n = 1; n <= 5; n += 1) await spool.put(aPage(n));
    spool.discard();
    spool.close(aPage(0));
    expect(await drain(spool)).toEqual([0]);
    const failed = aSpool(100).open();
    await failed.put(aPage(1));
    failed.fail(new ConduitError('GRANT_REVOKED'));
    await expect(drain(failed)).rejects.toMatchObject({ code: 'GRANT_REVOKED' });
  });
});

describe('a spool that is full', () => {
  test('waits while pages are taken, however slowly', async () => {
    const spool = aSpool(2, { fullMs: 500 }).open();
    const filling = (async () => {
      for (let n = 1; n <= 12; n += 1) await spool.put(aPage(n));
      spool.close(aPage(0));
    })();
    const pages: number[] = [];
    for await (const { header } of spool) {
      pages.push(header.page);
      expect(files().length).toBeLessThanOrEqual(2);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await filling;
    expect(pages).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0]);
  });

  test('says so when nothing is taken for too long, and serves the next result', async () => {
    const site = aSpool(2);
    const spool = site.open();
    for (let n = 1; n <= 4; n += 1) await spool.put(aPage(n));
    await expect(spool.put(aPage(5))).rejects.toMatchObject({ code: 'SPOOL_FULL' });
    spool.abandon();
    await settled(site);
    const next = site.open();
    for (let n = 1; n <= 4; n += 1) await next.put(aPage(n));
    next.close(aPage(0));
    expect(await drain(next)).toEqual([1, 2, 3, 4, 0]);
  });

  test('still holds one page for each result, whatever its size', async () => {
    const spool = aSpool(0).open();
    await spool.put(aPage(1, 100 * PAGE));
    await expect(spool.put(aPage(2))).rejects.toMatchObject({ code: 'SPOOL_FULL' });
    spool.abandon();
  });

  test('keeps free what the practice needs of its disk', async () => {
    const folder = SpoolFolder.emptied(state, Number.MAX_SAFE_INTEGER);
    const limits = { maxSpoolBytes: 1e9, maxSpoolMs: 60_000 };
    const spool = new SiteSpool(folder, limits, { memoryBytes: PAGE, fullMs: 20 }).open();
    await spool.put(aPage(1));
    await expect(spool.put(aPage(2))).rejects.toMatchObject({ code: 'SPOOL_FULL' });
    expect(files()).toEqual([]);
    spool.abandon();
  });

  test('because its folder is gone or not writable says so too', async () => {
    const site = aSpool(100);
    rmSync(join(state, 'spool'), { recursive: true });
    const spool = site.open();
    await spool.put(aPage(1));
    await spool.put(aPage(2));
    await expect(spool.put(aPage(3))).rejects.toMatchObject({ code: 'SPOOL_FULL' });
    mkdirSync(join(state, 'spool'));
    spool.abandon();
  });
});

/** Needs the right to mount; says so where it is missing. */
function smallDisk(): string | undefined {
  const disk = join(state, 'disk');
  mkdirSync(disk);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk], { stdio: 'ignore' });
    return disk;
  } catch {
    return undefined;
  }
}

test('a disk that is really full fails the result, leaves no torn file, and takes the next one', async () => {
  const disk = smallDisk();
  if (disk === undefined) {
    process.stderr.write('SKIPPED: no right to mount a small disk; a full disk was not tested.\n');
    return;
  }
  try {
    const limits = { maxSpoolBytes: 1e9, maxSpoolMs: 60_000 };
    const folder = SpoolFolder.emptied(disk, 0);
    // What the disk says it has left is not what it has: the write itself must fail cleanly too.
    folder.hasRoom = () => Promise.resolve(true);
    const site = new SiteSpool(folder, limits, { memoryBytes: 1, fullMs: 20 });
    const spool = site.open();
    await spool.put(aPage(1));
    await expect(
      (async () => {
        for (let n = 2; n < 20; n += 1) await spool.put(aPage(n, 200_000));
      })(),
    ).rejects.toMatchObject({ code: 'SPOOL_FULL' });
    const sizes = readdirSync(join(disk, 'spool')).map(
      (name) => statSync(join(disk, 'spool', name)).size,
    );
    expect(new Set(sizes)).toEqual(new Set([200_000]));
    expect(site.fileBytes).toBe(sizes.length * 200_000);
    spool.abandon();
    while (readdirSync(join(disk, 'spool')).length > 0)
      await new Promise((resolve) => setTimeout(resolve, 5));
    const next = site.open();
    await next.put(aPage(1));
    await next.put(aPage(2));
    next.close(aPage(0));
    expect(await drain(next)).toEqual([1, 2, 0]);
  } finally {
    execFileSync('umount', [disk]);
  }
});
