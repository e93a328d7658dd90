import { describe, expect, test } from '@jest/globals';

import type { AuditRecord } from '#libs/audit/audit-record.js';
import { reconcile, RECONCILE_SLACK_MS, type LoggedRecord } from '#libs/audit/reconcile.js';
import {
  reconcileInSteps,
  type AgentRecords,
  type StepSource,
} from '#libs/audit/reconcile-in-steps.js';

const HOUR_MS = 3_600_000;
const fromMs = Date.parse('2026-03-04T00:00:00.000Z');
const toMs = fromMs + 24 * HOUR_MS;
const limits = { records: 20, mostRecords: 40, mostMs: 1_000, lookBackMs: 48 * HOUR_MS };

function logged(queryId: string, atMs: number, more: Partial<AuditRecord> = {}): LoggedRecord {
  const record: AuditRecord = {
    ...{ ts: new Date(atMs).toISOString(), type: 'query.executed', lane: 'immediate' },
    ...{ outcome: 'successful', queryId },
    ...more,
  };
  return { index: 0, text: JSON.stringify(record), record };
}

/** Two logs in memory, read as an agent answers: so many at most. */
class TwoLogs implements StepSource<'unknown'> {
  broker: LoggedRecord[] = [];
  agent: LoggedRecord[] = [];
  reads: number[] = [];
  atMs = toMs + HOUR_MS;
  answersUntil = Infinity;
  looksAhead = false;
  tickMs = 0;

  nowMs = () => (this.atMs += this.tickMs);

  read(span: { fromMs: number; toMs: number }, most: number): Promise<AgentRecords | 'unknown'> {
    if (this.reads.length >= this.answersUntil) return Promise.resolve('unknown');
    const all = this.agent.filter(({ record }) => {
      const at = Date.parse(record.ts);
      return at >= span.fromMs && at < span.toMs;
    });
    const records = all.slice(0, most);
    this.reads.push(records.length);
    const isCut = records.length < all.length;
    const knownToMs = isCut ? Date.parse(records.at(-1)!.record.ts) : this.atMs;
    return Promise.resolve({ records, knownToMs, isCut });
  }

  judge(
    step: { fromMs: number; toMs: number; agentKnownToMs: number },
    agent: readonly LoggedRecord[],
  ) {
    const around = this.broker.filter(({ record }) => {
      const at = Date.parse(record.ts);
      return at >= step.fromMs - RECONCILE_SLACK_MS && at < step.toMs + RECONCILE_SLACK_MS;
    });
    return Promise.resolve(
      reconcile({ ...step, broker: around, agent, brokerKnownToMs: Infinity }),
    );
  }

  /** One every so often, at both. */
  fill(count: number, everyMs: number, beginMs = fromMs): void {
    for (let n = 0; n < count; n += 1) {
      const one = logged(`q-${n}`, beginMs + n * everyMs);
      this.broker.push(one);
      this.agent.push(one);
    }
  }
}

const look = (logs: TwoLogs) => reconcileInSteps({ fromMs, toMs }, logs, limits);

describe('more records than one step may have', () => {
  test('are all compared, a step at a time, and no false finding comes of the seams', async () => {
    const logs = new TwoLogs();
    logs.fill(280, 5 * 60_000);
    const found = await look(logs);
    expect(found).toEqual({
      ...{ matched: 280, undelivered: 0, pending: 0, untold: 0, mismatches: [] },
      ...{ toldToMs: toMs, isUnfinished: false },
    });
    expect(logs.reads.length).toBeGreaterThan(10);
    expect(Math.max(...logs.reads)).toBe(limits.records);
  });

  test('hide neither a phantom nor a dispatch that never ran, wherever it lies', async () => {
    for (const at of [0, 139, 279]) {
      const logs = new TwoLogs();
      logs.fill(280, 5 * 60_000);
      logs.broker.splice(at, 1);
      expect((await look(logs)).mismatches).toMatchObject([
        { kind: 'executed-not-dispatched', queryId: `q-${at}` },
      ]);
      logs.broker = [...logs.agent];
      logs.agent.splice(at, 1);
      expect((await look(logs)).mismatches).toMatchObject([
        { kind: 'dispatched-not-executed', queryId: `q-${at}` },
      ]);
    }
  });

  test('in half an hour are held at once where they fit', async () => {
    const logs = new TwoLogs();
    logs.fill(35, 60_000, fromMs + HOUR_MS);
    expect(await look(logs)).toMatchObject({ matched: 35, mismatches: [], isUnfinished: false });
    expect(Math.max(...logs.reads)).toBe(35);
  });

  test('in half an hour are passed over where they do not, which is said; what is behind them is told', async () => {
    const logs = new TwoLogs();
    logs.fill(100, 10_000, fromMs + HOUR_MS);
    const late = logged('late', toMs - HOUR_MS);
    logs.agent.push(late);
    expect(await look(logs)).toMatchObject({
      mismatches: [{ kind: 'executed-not-dispatched', queryId: 'late' }],
      toldToMs: toMs,
      isUnfinished: true,
    });
  });
});

describe('a look that comes to an end before its time', () => {
  test('says so when it took too long', async () => {
    const logs = new TwoLogs();
    logs.fill(280, 5 * 60_000);
    logs.nowMs = () => (logs.atMs += 400);
    const { toldToMs, isUnfinished, mismatches } = await look(logs);
    expect([isUnfinished, mismatches]).toEqual([true, []]);
    expect(toldToMs).toBeLessThan(toMs);
    expect(toldToMs).toBeGreaterThan(fromMs);
  });

  test('keeps what it has told when the agent can be asked no more', async () => {
    const logs = new TwoLogs();
    logs.fill(280, 5 * 60_000);
    logs.answersUntil = 3;
    const { toldToMs, stop, matched, mismatches } = await look(logs);
    expect([stop, mismatches]).toEqual(['unknown', []]);
    expect(toldToMs).toBeLessThan(toMs);
    expect(matched).toBeGreaterThan(0);
  });

  test('asks no more often than there are records, while the clock goes on', async () => {
    const logs = new TwoLogs();
    logs.fill(3, HOUR_MS);
    logs.atMs = toMs;
    logs.tickMs = 1;
    expect(await look(logs)).toMatchObject({ matched: 3, pending: 0, isUnfinished: false });
    expect(logs.reads).toHaveLength(1);
  });

  test('looks at the youngest too where that is wanted', async () => {
    const logs = new TwoLogs();
    logs.fill(1, 1, toMs - 1_000);
    logs.agent.push(logged('not yet there', toMs - 900));
    logs.atMs = toMs;
    expect(await look(logs)).toMatchObject({ matched: 0, pending: 0 });
    logs.looksAhead = true;
    expect(await look(logs)).toMatchObject({ matched: 1, toldToMs: toMs });
  });

  test('goes no further than the agent knows', async () => {
    const logs = new TwoLogs();
    logs.atMs = fromMs + 6 * HOUR_MS;
    const { toldToMs, isUnfinished } = await look(logs);
    expect([toldToMs, isUnfinished]).toEqual([logs.atMs - RECONCILE_SLACK_MS, false]);
  });
});

describe('an answer that came long after its query ran', () => {
  const late = { lane: 'async' } as const;

  test('is no finding when the run is there, and one when it is not', async () => {
    const logs = new TwoLogs();
    logs.broker = [logged('a', fromMs + HOUR_MS, late), logged('b', fromMs + HOUR_MS, late)];
    logs.agent = [logged('a', fromMs - 10 * HOUR_MS, late)];
    expect(await look(logs)).toMatchObject({
      matched: 1,
      mismatches: [{ kind: 'dispatched-not-executed', queryId: 'b' }],
      isUnfinished: false,
    });
  });

  test('is left open when the agent can be asked no more', async () => {
    const logs = new TwoLogs();
    logs.broker = [logged('a', fromMs + HOUR_MS, late)];
    logs.answersUntil = 1;
    expect(await look(logs)).toMatchObject({ pending: 1, mismatches: [], isUnfinished: true });
  });
});
