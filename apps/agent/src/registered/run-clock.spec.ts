import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { intervalMs, RunClock, type RunResult } from '#apps/agent/src/registered/run-clock.js';
import { HandMovedTimeline } from '#apps/agent/src/registered/timeline.fixture.js';
import { TrustedTime } from '#apps/agent/src/registered/trusted-time.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Numbers that look random and are the same at every run of the test. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** What is in use, without what is only waiting to be collected. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

interface Start {
  id: string;
  atMs: number;
  trueMs: number;
}

class Scene {
  readonly timeline = new HandMovedTimeline();
  readonly time = new TrustedTime(this.timeline);
  readonly starts: Start[] = [];
  readonly overlaps: string[] = [];
  mostAtOnce = 0;
  doubts = 0;
  /** The true time goes on, whatever is done to the machine. */
  slept = 0;
  readonly bornMs = this.timeline.wallMs();
  private readonly running = new Set<string>();
  readonly clock: RunClock;

  constructor(
    random: () => number,
    private readonly perform: (id: string) => { result: RunResult; tookMs: number },
  ) {
    this.clock = new RunClock({
      timeline: this.timeline,
      time: this.time,
      random,
      onDoubt: () => void (this.doubts += 1),
      run: (id) => this.run(id),
    });
  }

  get trueMs(): number {
    return this.bornMs + this.timeline.monotonicMs() - 1_000 + this.slept;
  }

  sleep(ms: number): void {
    this.slept += ms;
    this.timeline.sleep(ms);
  }

  startsOf(id: string): number[] {
    return this.starts.filter((start) => start.id === id).map(({ atMs }) => atMs);
  }

  private run(id: string): Promise<RunResult> {
    const { result, tookMs } = this.perform(id);
    if (this.running.has(id)) this.overlaps.push(id);
    this.running.add(id);
    this.mostAtOnce = Math.max(this.mostAtOnce, this.running.size);
    this.starts.push({ id, atMs: this.timeline.monotonicMs(), trueMs: this.trueMs });
    return new Promise((resolve) => {
      this.timeline.after(tookMs, () => {
        this.running.delete(id);
        resolve(result);
      });
    });
  }
}

const quick = () => ({ result: 'succeeded' as const, tookMs: 10 });
const aScene = (perform: (id: string) => { result: RunResult; tookMs: number } = quick) =>
  new Scene(seeded(7), perform);

describe('a registered query', () => {
  test('runs at once, then at its frequency, and not at its end', async () => {
    const scene = aScene();
    const endsAtMs = scene.trueMs + 10 * MINUTE_MS;
    scene.clock.add('a', { frequencyMs: MINUTE_MS, endsAtMs });
    await scene.timeline.pass(HOUR_MS);
    expect(scene.starts[0]?.atMs).toBe(1_000);
    expect(scene.starts).toHaveLength(10);
    expect(scene.starts.every(({ trueMs }) => trueMs < endsAtMs)).toBe(true);
  });

  test('waits longer after each failure, up to an hour, and not after a success', async () => {
    expect([0, 1, 2, 3, 10].map((failures) => intervalMs(MINUTE_MS, failures))).toEqual(
      [1, 2, 4, 8, 60].map((minutes) => minutes * MINUTE_MS),
    );
    expect(intervalMs(2 * HOUR_MS, 5)).toBe(2 * HOUR_MS);
    expect([1, 3, 9].map((failures) => intervalMs(MINUTE_MS, failures, true))).toEqual(
      [2, 5, 5].map((minutes) => minutes * MINUTE_MS),
    );
    let failures = 3;
    const scene = aScene(() => ({ result: failures-- > 0 ? 'failed' : 'succeeded', tookMs: 1 }));
    scene.clock.add('a', { frequencyMs: MINUTE_MS, endsAtMs: scene.trueMs + 24 * HOUR_MS });
    await scene.timeline.pass(17 * MINUTE_MS);
    const starts = scene.startsOf('a');
    const gaps = starts.slice(1).map((at, index) => Math.round((at - (starts[index] ?? 0)) / 1e4));
    expect(gaps).toEqual([expect.any(Number), 24, 48, 6, 6]);
  });

  test('that was stopped never runs again', async () => {
    const scene = aScene(() => ({ result: 'stopped', tookMs: 1 }));
    scene.clock.add('a', { frequencyMs: MINUTE_MS, endsAtMs: scene.trueMs + HOUR_MS });
    await scene.timeline.pass(HOUR_MS);
    expect(scene.starts).toHaveLength(1);
  });

  test('goes on after its end when it is renewed', async () => {
    const scene = aScene();
    scene.clock.add('a', { frequencyMs: MINUTE_MS, endsAtMs: scene.trueMs + MINUTE_MS });
    await scene.timeline.pass(30 * MINUTE_MS);
    expect(scene.starts).toHaveLength(1);
    scene.clock.change('a', { frequencyMs: MINUTE_MS, endsAtMs: scene.trueMs + HOUR_MS });
    await scene.timeline.pass(10 * MINUTE_MS);
    expect(scene.starts.length).toBeGreaterThan(8);
  });

  test('resumes at the time its last run leaves it, never in the past', async () => {
    const scene = aScene();
    const terms = { frequencyMs: 10 * MINUTE_MS, endsAtMs: scene.trueMs + 24 * HOUR_MS };
    scene.clock.resume('recent', terms, scene.trueMs - 4 * MINUTE_MS, 0);
    scene.clock.resume('overdue', terms, scene.trueMs - 5 * HOUR_MS, 0);
    scene.clock.resume('future', terms, scene.trueMs + 9 * HOUR_MS, 0);
    await scene.timeline.pass(5 * MINUTE_MS);
    expect(scene.starts.map(({ id }) => id)).toEqual(['overdue']);
    await scene.timeline.pass(6 * MINUTE_MS);
    expect(new Set(scene.starts.map(({ id }) => id))).toEqual(
      new Set(['overdue', 'recent', 'future']),
    );
  });
});

describe('a clock that is set', () => {
  test('an hour ahead holds back what might have ended, until the true time is heard', async () => {
    const scene = aScene();
    const endsAtMs = scene.trueMs + 30 * MINUTE_MS;
    scene.clock.add('short', { frequencyMs: MINUTE_MS, endsAtMs });
    scene.clock.add('long', { frequencyMs: MINUTE_MS, endsAtMs: endsAtMs + 5 * HOUR_MS });
    await scene.timeline.pass(5 * MINUTE_MS);
    const before = scene.startsOf('short').length;
    scene.timeline.setWall(HOUR_MS);
    await scene.timeline.pass(5 * MINUTE_MS);
    expect(scene.startsOf('short')).toHaveLength(before);
    expect(scene.startsOf('long').length).toBeGreaterThanOrEqual(9);
    expect(scene.doubts).toBeGreaterThan(0);
    scene.time.learn(scene.trueMs);
    await scene.timeline.pass(HOUR_MS);
    const short = scene.starts.filter(({ id }) => id === 'short');
    expect(short.length).toBeGreaterThan(before + 15);
    expect(short.every(({ trueMs }) => trueMs < endsAtMs)).toBe(true);
  });

  test('an hour back neither delays the end nor a run', async () => {
    const scene = aScene();
    const endsAtMs = scene.trueMs + 30 * MINUTE_MS;
    scene.clock.add('a', { frequencyMs: MINUTE_MS, endsAtMs });
    await scene.timeline.pass(5 * MINUTE_MS);
    scene.timeline.setWall(-HOUR_MS);
    await scene.timeline.pass(2 * HOUR_MS);
    expect(scene.starts.length).toBeGreaterThanOrEqual(29);
    expect(scene.starts.every(({ trueMs }) => trueMs < endsAtMs)).toBe(true);
  });

  test('a sleep beyond the end is no reason to run once more', async () => {
    const scene = aScene();
    scene.clock.add('a', { frequencyMs: MINUTE_MS, endsAtMs: scene.trueMs + 30 * MINUTE_MS });
    await scene.timeline.pass(5 * MINUTE_MS);
    const before = scene.starts.length;
    scene.sleep(HOUR_MS);
    await scene.timeline.pass(10 * MINUTE_MS);
    scene.time.learn(scene.trueMs);
    await scene.timeline.pass(HOUR_MS);
    expect(scene.starts).toHaveLength(before);
  });
});

test('a thousand at one agent take turns, few at once, each at its frequency', async () => {
  const scene = aScene();
  for (let n = 0; n < 1_000; n++) {
    const terms = { frequencyMs: 5 * MINUTE_MS, endsAtMs: scene.trueMs + HOUR_MS };
    scene.clock.add(`query-${n}`, terms);
  }
  await scene.timeline.pass(12 * MINUTE_MS);
  expect(scene.mostAtOnce).toBeLessThanOrEqual(4);
  expect(scene.starts.length).toBeGreaterThanOrEqual(2_000);
  expect(scene.starts.length).toBeLessThanOrEqual(3_000);
});

test('ten thousand at one agent take turns in little time and memory, and are as easily taken out', async () => {
  const scene = aScene();
  const before = heapBytes();
  const began = performance.now();
  const ids = Array.from({ length: 10_000 }, (_, n) => `query-${n}`);
  for (const id of ids)
    scene.clock.add(id, { frequencyMs: HOUR_MS, endsAtMs: scene.trueMs + 3 * HOUR_MS });
  await scene.timeline.pass(2 * HOUR_MS + 10 * MINUTE_MS);
  expect(scene.mostAtOnce).toBeLessThanOrEqual(4);
  expect(scene.overlaps).toEqual([]);
  const starts = new Map<string, number[]>();
  for (const { id, atMs } of scene.starts) starts.set(id, [...(starts.get(id) ?? []), atMs]);
  expect(starts.size).toBe(10_000);
  for (const [first = 0, second = 0, third = 0] of starts.values()) {
    expect(second - first).toBeGreaterThanOrEqual(HOUR_MS);
    expect(third - second).toBeGreaterThanOrEqual(HOUR_MS);
  }
  const taken = scene.starts.length;
  for (const id of ids) scene.clock.remove(id);
  await scene.timeline.pass(2 * HOUR_MS);
  expect(scene.starts).toHaveLength(taken);
  // What the test itself keeps is in it: 30,000 starts.
  expect(heapBytes() - before).toBeLessThan(32 * 1024 * 1024);
  expect(performance.now() - began).toBeLessThan(10_000);
});

test.each(Array.from({ length: 30 }, (_, seed) => seed + 1))(
  'whatever happens to the machine, the promises hold (seed %i)',
  async (seed) => {
    const random = seeded(seed * 7_919);
    // Nobody can tell a sleep from a clock that was set back by as much at the same time.
    const sleeps = seed % 2 === 0;
    const outcomes: RunResult[] = ['succeeded', 'succeeded', 'failed'];
    const scene = new Scene(random, () => ({
      result: outcomes[Math.floor(random() * outcomes.length)] ?? 'succeeded',
      tookMs: random() * 2 * MINUTE_MS,
    }));
    const terms = new Map<string, { frequencyMs: number; endsAtMs: number }>();
    const lastEnds = new Map<string, number>();
    const give = (id: string, act: 'add' | 'change'): void => {
      const wanted = {
        frequencyMs: Math.ceil(1 + random() * 5) * MINUTE_MS,
        endsAtMs: scene.trueMs + random() * 3 * HOUR_MS,
      };
      terms.set(id, wanted);
      lastEnds.set(id, Math.max(lastEnds.get(id) ?? 0, wanted.endsAtMs));
      scene.clock[act](id, wanted);
    };
    for (let n = 0; n < 6; n++) give(`query-${n}`, 'add');
    for (let step = 0; step < 40; step++) {
      const drawn = random();
      if (drawn < 0.15) scene.timeline.setWall((random() - (sleeps ? 0 : 0.5)) * 4 * HOUR_MS);
      else if (drawn < 0.25 && sleeps) scene.sleep(random() * HOUR_MS);
      else if (drawn < 0.4) scene.time.learn(scene.trueMs);
      else if (drawn < 0.45) give(`query-${Math.floor(random() * 6)}`, 'change');
      else if (drawn < 0.5) {
        const id = `query-${Math.floor(random() * 6)}`;
        scene.clock.remove(id);
        give(id, 'add');
      }
      await scene.timeline.pass(random() * 10 * MINUTE_MS);
    }
    expect(scene.overlaps).toEqual([]);
    expect(scene.mostAtOnce).toBeLessThanOrEqual(4);
    for (const { id, trueMs } of scene.starts) expect(trueMs).toBeLessThan(lastEnds.get(id) ?? 0);
  },
);

test.each(Array.from({ length: 20 }, (_, seed) => seed + 1))(
  'no jump makes one run sooner than its frequency (seed %i)',
  async (seed) => {
    const random = seeded(seed * 104_729);
    const scene = new Scene(random, () => ({ result: 'succeeded', tookMs: random() * 30_000 }));
    for (let n = 0; n < 6; n++) {
      const endsAtMs = scene.trueMs + 24 * HOUR_MS;
      scene.clock.add(`query-${n}`, { frequencyMs: (1 + n) * MINUTE_MS, endsAtMs });
    }
    for (let step = 0; step < 30; step++) {
      const drawn = random();
      if (drawn < 0.3) scene.timeline.setWall((random() - 0.5) * 4 * HOUR_MS);
      else if (drawn < 0.5) scene.sleep(random() * HOUR_MS);
      else if (drawn < 0.7) scene.time.learn(scene.trueMs);
      await scene.timeline.pass(random() * 10 * MINUTE_MS);
    }
    for (let n = 0; n < 6; n++) {
      const starts = scene.startsOf(`query-${n}`);
      const gaps = starts.slice(1).map((at, index) => at - (starts[index] ?? 0));
      expect(Math.min(Infinity, ...gaps)).toBeGreaterThanOrEqual((1 + n) * MINUTE_MS);
      expect(starts.length).toBeGreaterThan(0);
    }
  },
);
