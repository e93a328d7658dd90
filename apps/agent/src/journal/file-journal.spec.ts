import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';

import type { AuditRecord } from '#libs/audit/audit-record.js';
import { textLeafHash } from '#libs/audit/tree-hash.js';
import { AuditSegments } from '#libs/audit/audit-segments.js';
import { FixedClock } from '#libs/kernel/clock.js';
import { makeIdentityKey } from '#libs/pki/keys.js';
import { AgentLog } from '#apps/agent/src/journal/agent-log.js';
import {
  FileJournal,
  journalTiming,
  type LineStore,
} from '#apps/agent/src/journal/file-journal.js';
import { refusalLimit } from '#apps/agent/src/journal/refusal-limit.js';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'journal-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const clock = new FixedClock(Date.parse('2026-03-04T00:00:00.000Z'));
const executed = { type: 'query.executed', requestId: 'r-1' } as const;

const signer = { origin: 'conduit.test/agent/a-1/audit', ...makeIdentityKey() };

async function openJournal(): Promise<FileJournal> {
  return FileJournal.over(await AgentLog.open(folder, signer), folder, clock);
}

function lines(): { leaf: string; record: string }[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.ndjson'))
    .sort()
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1))
    .map((line) => JSON.parse(line) as { leaf: string; record: string });
}

/** A disk that can be filled and emptied. */
class FlakyDisk implements LineStore {
  full = false;
  answers: Promise<void> | undefined;
  readonly written: string[] = [];
  async append(batch: readonly string[]): Promise<void> {
    await this.answers;
    if (this.full) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
    this.written.push(...batch);
  }
  async prune(): Promise<number> {
    return 0;
  }
  async close(): Promise<void> {}
}

describe('a journal on disk', () => {
  test('keeps each record in canonical form with its leaf hash', async () => {
    const journal = await openJournal();
    journal.note(executed);
    await journal.record({ type: 'access.paused', actorRef: 'local' });
    await journal.close();
    const kept = lines();
    expect(kept.map(({ record }) => (JSON.parse(record) as AuditRecord).type).sort()).toEqual([
      'access.paused',
      'query.executed',
    ]);
    for (const { leaf, record } of kept) expect(leaf).toBe(textLeafHash(record).toString('base64'));
    expect(kept.map(({ record }) => record)).toContainEqual(
      expect.stringMatching(
        /^{"requestId":"r-1","salt":"[\w-]{22}","ts":"2026-03-04T00:00:00.000Z","type":"query.executed"}$/,
      ),
    );
  });

  test('writes a full batch without waiting for the time', async () => {
    const disk = new FlakyDisk();
    const journal = new FileJournal(disk, clock);
    for (let i = 0; i < journalTiming.batchRecords; i++) journal.note(executed);
    await journal.record({ type: 'access.paused' });
    expect(disk.written).toHaveLength(journalTiming.batchRecords + 1);
    await journal.close();
  });

  test('writes what comes while it writes in full batches too, and each line once', async () => {
    const sizes: number[] = [];
    class SlowDisk extends FlakyDisk {
      override async append(batch: readonly string[]): Promise<void> {
        await new Promise((resolve) => setImmediate(resolve));
        sizes.push(batch.length);
        return super.append(batch);
      }
    }
    const disk = new SlowDisk();
    const journal = new FileJournal(disk, clock);
    for (let n = 0; n < 10 * journalTiming.batchRecords; n += 1) {
      journal.note({ ...executed, requestId: `r-${n}` });
      if (n % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await journal.close();
    expect(sizes.filter((size) => size < journalTiming.batchRecords).length).toBeLessThan(2);
    expect(disk.written.map((line) => /r-\d+/.exec(line)?.[0])).toEqual(
      Array.from({ length: 10 * journalTiming.batchRecords }, (_, n) => `r-${n}`),
    );
  });

  test('writes a record down whose ids no leaf may hold', async () => {
    const journal = await openJournal();
    journal.note({ ...executed, requestId: 'r-\ud800' });
    await journal.close();
    expect(JSON.parse(lines()[0]?.record ?? '')).toMatchObject({ requestId: 'r-\ufffd' });
  });

  test('cuts off a line torn by a crash and goes on behind it', async () => {
    const first = await openJournal();
    await first.record({ type: 'access.paused' });
    await first.close();
    appendFileSync(join(folder, '00000001.ndjson'), '{"leaf":"half a li');
    const second = await openJournal();
    await second.record({ type: 'access.resumed' });
    await second.close();
    expect(lines().map(({ record }) => (JSON.parse(record) as AuditRecord).type)).toEqual([
      'access.paused',
      'access.resumed',
    ]);
  });

  test('begins a new segment when one is full', async () => {
    const segments = await AuditSegments.open(folder, { maxSegmentBytes: 10 });
    await segments.append(['{"a":"1234567"}\n']);
    await segments.append(['{"a":"2"}\n']);
    await segments.close();
    expect(readdirSync(folder).sort()).toEqual(['00000001.ndjson', '00000002.ndjson']);
  });
});

describe('a journal that grows old', () => {
  const dayMs = 86_400_000;
  const nowMs = Date.parse('2028-01-01T00:00:00.000Z');

  /** Segments that were last written so many days ago, the last of them still open. */
  async function segmentsOfDaysAgo(...days: number[]): Promise<AuditSegments> {
    const segments = await AuditSegments.open(folder, { maxSegmentBytes: 10 });
    for (const _day of days) await segments.append(['{"a":"1234567"}\n']);
    for (const [n, ago] of days.entries()) {
      const at = (nowMs - ago * dayMs) / 1_000;
      utimesSync(join(folder, `0000000${n + 1}.ndjson`), at, at);
    }
    return segments;
  }

  test('lets go of what ended before the time it is kept for, and of nothing younger', async () => {
    const segments = await segmentsOfDaysAgo(900, 401, 399, 30, 0);
    const journal = new FileJournal(segments, clock);
    expect(await journal.prune(nowMs - 400 * dayMs)).toBe(2);
    expect(await journal.prune(nowMs - 400 * dayMs)).toBe(0);
    expect(readdirSync(folder).sort()).toEqual(
      ['3', '4', '5'].map((number) => `0000000${number}.ndjson`),
    );
    await journal.record({ type: 'access.paused' });
    await journal.close();
    const again = await AuditSegments.open(folder);
    await again.append(['{"a":"8"}\n']);
    await again.close();
    expect(readdirSync(folder).sort().at(-1)).toBe('00000006.ndjson');
  });

  test('keeps the segment it is writing and leaves no hole, however old they look', async () => {
    const journal = new FileJournal(await segmentsOfDaysAgo(500, 10, 500, 500), clock);
    expect(await journal.prune(nowMs - 400 * dayMs)).toBe(1);
    expect(await journal.prune(nowMs + dayMs)).toBe(2);
    expect(readdirSync(folder)).toEqual(['00000004.ndjson']);
    await journal.close();
  });
});

describe('a disk that refuses', () => {
  test('fails a security act at once', async () => {
    const disk = new FlakyDisk();
    disk.full = true;
    const journal = new FileJournal(disk, clock);
    await expect(journal.record({ type: 'grant.approved' })).rejects.toMatchObject({
      code: 'JOURNAL_UNAVAILABLE',
    });
    expect(disk.written).toEqual([]);
    await journal.close();
  });

  /** By the machine's own clock. */
  function later(ms: number): void {
    const nowMs = performance.now() + ms;
    jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
  }

  afterEach(() => void jest.restoreAllMocks());

  test('stops queries after the grace, and lets them go on when what waited is written', async () => {
    const disk = new FlakyDisk();
    const moving = new FixedClock(0);
    const journal = new FileJournal(disk, moving);
    disk.full = true;
    journal.note(executed);
    await journal.flush();
    expect(journal.writable).toBe(true);
    later(journalTiming.graceMs);
    // Whoever sets the clock back gains nothing.
    moving.advance(-3_600_000);
    expect(journal.writable).toBe(false);
    disk.full = false;
    await journal.flush();
    expect(journal.writable).toBe(true);
    expect(disk.written).toHaveLength(1);
    await journal.close();
  });

  test('stops them too while it does not answer at all', async () => {
    const disk = new FlakyDisk();
    let answer = () => undefined as void;
    disk.answers = new Promise((resolve) => (answer = resolve));
    const journal = new FileJournal(disk, clock);
    journal.note(executed);
    const written = journal.flush();
    await new Promise((resolve) => setImmediate(resolve));
    expect(journal.writable).toBe(true);
    later(journalTiming.graceMs);
    expect(journal.writable).toBe(false);
    answer();
    await written;
    expect(journal.writable).toBe(true);
    await journal.close();
  });
});

describe('a flood', () => {
  const refused = {
    type: 'query.refused',
    outcome: 'refused',
    errorCode: 'GRANT_SCOPE',
    requestId: 'r-1',
  } as const;
  const kept = (disk: FlakyDisk): AuditRecord[] =>
    disk.written.map(
      (line) => JSON.parse((JSON.parse(line) as { record: string }).record) as AuditRecord,
    );

  test('of refusals becomes one record with a count, for each code and minute', async () => {
    const disk = new FlakyDisk();
    const moving = new FixedClock(0);
    const journal = new FileJournal(disk, moving);
    for (let n = 0; n < 1_000; n += 1) journal.note(refused);
    journal.note({ ...refused, errorCode: 'GRANT_EXPIRED' });
    await journal.flush();
    expect(disk.written).toHaveLength(refusalLimit.perMinute + 1);
    moving.advance(refusalLimit.minuteMs);
    await journal.flush();
    expect(kept(disk).at(-1)).toEqual({
      ...{ type: 'query.refused', outcome: 'refused', errorCode: 'GRANT_SCOPE' },
      ...{ reason: 'repeated', count: 1_000 - refusalLimit.perMinute },
      ...{ salt: expect.any(String), ts: '1970-01-01T00:01:00.000Z' },
    });
    journal.note(refused);
    await journal.flush();
    expect(kept(disk).at(-1)).toMatchObject({ requestId: 'r-1' });
    await journal.close();
  });

  test('that was cut short is summed up when the journal closes', async () => {
    const disk = new FlakyDisk();
    const journal = new FileJournal(disk, clock);
    for (let n = 0; n < 100; n += 1) journal.note(refused);
    await journal.close();
    expect(kept(disk).at(-1)).toMatchObject({ count: 100 - refusalLimit.perMinute });
  });

  test('stops queries while the disk is nearly full, and no longer', async () => {
    const disk = new FlakyDisk();
    let free = journalTiming.reserveBytes - 1;
    const journal = new FileJournal(disk, clock, async () => free);
    journal.note(executed);
    await journal.flush();
    expect(journal.writable).toBe(false);
    expect(disk.written).toHaveLength(1);
    journal.note(refused);
    await journal.flush();
    expect(disk.written).toHaveLength(1);
    free = journalTiming.reserveBytes;
    await journal.flush();
    expect(journal.writable).toBe(true);
    await journal.close();
    expect(kept(disk).at(-1)).toMatchObject({ count: 1 });
  });

  test('that the disk does not take is bounded in memory and stops queries', async () => {
    const disk = new FlakyDisk();
    const journal = new FileJournal(disk, clock);
    disk.full = true;
    for (let n = 0; n < journalTiming.maxWaiting; n += 1) journal.note(executed);
    expect(journal.writable).toBe(false);
    disk.full = false;
    await journal.close();
    expect(disk.written).toHaveLength(journalTiming.maxWaiting);
  });
});
