/**
 * A result of any size costs the agent the same memory, whether its reader keeps up or comes only when
 * everything waits on disk. CONDUIT_TEST_RESULT_MB makes it larger than the 300 MB that run always.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { anAsyncRequest, aRoomOf } from '#apps/agent/src/execution/async-query.fixture.js';
import { ScriptedPmsDriver, type ScriptedValue } from '#apps/agent/src/pms/pms-driver.scripted.js';
import type { RunQueryEnd } from '#libs/contracts/link-messages.js';
import { decodePages } from '#libs/contracts/result-page.js';
import type { StreamedReply } from '#libs/link/link-reply.js';

const MEGABYTES = Number(process.env['CONDUIT_TEST_RESULT_MB'] ?? 300);
const ROWS = MEGABYTES * 1_000;
/** A few pages, what the collector leaves for later, and the test runner's own restlessness. */
const MOST_GROWTH_MB = 120;

const columns = [{ name: 'text', type: 'varchar', nullable: false }];
const row: ScriptedValue[] = ['x'.repeat(988)];

function* manyRows(): Generator<ScriptedValue[]> {
  for (let n = 0; n < ROWS; n += 1) yield row;
}

const residentMb = (): number => process.memoryUsage.rss() / 1_048_576;

test.each(['keeps up', 'comes when everything waits on disk'])(
  'a result of 300 MB is bounded in memory when its reader %s',
  async (how) => {
    const state = mkdtempSync(join(tmpdir(), 'conduit-large-'));
    const answer = () => ({ sets: [{ columns, rows: manyRows() }] });
    const limits = { maxSpoolBytes: 4e9, maxResultBytes: 4e9 };
    const room = aRoomOf(state, () => new ScriptedPmsDriver(answer), limits);
    const beforeMb = residentMb();
    let mostMb = beforeMb;
    const look = setInterval(() => (mostMb = Math.max(mostMb, residentMb())), 20);
    try {
      const request = anAsyncRequest({ text: 'SELECT' });
      const reply = await room.queries.execute(request, new AbortController().signal);
      while (how !== 'keeps up' && room.queries.runningCount > 0)
        await new Promise((resolve) => setTimeout(resolve, 20));
      let [rows, pages] = [0, 0];
      for await (const { header } of decodePages((reply as StreamedReply).body!)) {
        if (header.page > 0) rows = header.rowsEnd + 1;
        pages += 1;
      }
      expect(rows).toBe(ROWS);
      expect(pages).toBe(MEGABYTES + 1);
      const end = (await (reply as StreamedReply).end()) as RunQueryEnd;
      expect(end).toMatchObject({ status: 'successful', rows: ROWS });
      expect(mostMb - beforeMb).toBeLessThan(MOST_GROWTH_MB);
    } finally {
      clearInterval(look);
      rmSync(state, { recursive: true, force: true });
    }
  },
  600_000,
);
