/**
 * The agent's own clock of its registered queries. Promises, for each of them: one run at a time; no
 * run sooner than its interval after the start of the one before; none that would make up for one
 * that was missed; none begun at or after its end; a longer wait after each failure that follows a
 * failure. Intervals go by the monotonic clock, ends by the true time (trusted-time.ts). Few run at
 * once, and what is overdue together (after a sleep, a restart) is spread over an interval.
 */
import { RunWheel } from '#apps/agent/src/registered/run-wheel.js';
import type { Timeline } from '#apps/agent/src/registered/timeline.js';
import type { TrustedTime } from '#apps/agent/src/registered/trusted-time.js';

export interface RunTerms {
  frequencyMs: number;
  /** By the true time, milliseconds since the epoch. */
  endsAtMs: number;
}

/**
 * How a run ended. `held`: refused for a reason that passes by itself, at no cost to the database.
 * `stopped`: there will be no other.
 */
export type RunResult = 'succeeded' | 'failed' | 'held' | 'stopped';

interface Entry {
  id: string;
  terms: RunTerms;
  failures: number;
  hasRun: boolean;
}

export interface RunClockParts {
  timeline: Timeline;
  time: TrustedTime;
  /** Runs one; never rejects. */
  run: (id: string) => Promise<RunResult>;
  /** The time has to be heard before anything can be decided. */
  onDoubt: () => void;
  random?: () => number;
}

const RUNS_AT_ONCE = 4;
const LONGEST_BACKOFF_MS = 3_600_000;
/** A surgery that opens, or is no longer paused, does not wait an hour for its first run. */
const LONGEST_HELD_MS = 5 * 60_000;
/** Overdue by more than this, something was asleep. */
const LATE_MS = 10_000;
const DOUBT_LOOK_MS = 2_000;
const SOON_MS = 1_000;
/** One that has ended is looked at now and then: it may be renewed, or the clock put right. */
const ENDED_LOOK_MS = 60_000;
/** The second run and all after it keep a distance of their own from those created with them. */
const PHASE_PART = 0.1;
const LONGEST_PHASE_MS = 10_000;

/** Milliseconds from the start of a run to the next, after so many failures without a success. */
export function intervalMs(frequencyMs: number, failures: number, isHeld = false): number {
  const longestMs = isHeld ? LONGEST_HELD_MS : LONGEST_BACKOFF_MS;
  return Math.max(frequencyMs, Math.min(frequencyMs * 2 ** Math.min(failures, 30), longestMs));
}

export class RunClock {
  private readonly entries = new Map<string, Entry>();
  private readonly wheel: RunWheel;
  private readonly ready: Entry[] = [];
  /** By id: one that was removed and added again must not run beside itself. */
  private readonly running = new Set<string>();
  private readonly random: () => number;
  private isStopped = false;

  constructor(private readonly parts: RunClockParts) {
    this.random = parts.random ?? Math.random;
    this.wheel = new RunWheel(parts.timeline, (id, dueMs) => this.fallDue(id, dueMs));
  }

  /** A new one: it runs at once. */
  add(id: string, terms: RunTerms): void {
    this.enter(id, terms, 0, 0);
  }

  /**
   * One from before a restart.
   * @param lastStartMs when its last run began, by the true time; undefined: it never ran
   */
  resume(id: string, terms: RunTerms, lastStartMs: number | undefined, failures: number): void {
    const interval = intervalMs(terms.frequencyMs, failures);
    const sinceMs = this.parts.time.earliestMs() - (lastStartMs ?? -Infinity);
    const waitMs = Math.min(interval - sinceMs, interval);
    const spreadMs = this.random() * Math.min(interval, ENDED_LOOK_MS / 2);
    this.enter(id, terms, failures, waitMs > 0 ? waitMs : spreadMs);
  }

  /** Renewed: it runs soon, unless it runs now. */
  change(id: string, terms: RunTerms): void {
    const entry = this.entries.get(id);
    if (!entry) return;
    entry.terms = terms;
    if (this.running.has(id) || this.ready.includes(entry)) return;
    this.plan(entry, this.random() * Math.min(terms.frequencyMs, LATE_MS));
  }

  remove(id: string): void {
    this.entries.delete(id);
    this.wheel.remove(id);
  }

  /** When it is due, by the true time; undefined while it runs, has ended or is not here. */
  nextRunMs(entryId: string, startedMs: number, failures: number, isHeld: boolean) {
    const entry = this.entries.get(entryId);
    if (!entry) return undefined;
    const dueMs = startedMs + intervalMs(entry.terms.frequencyMs, failures, isHeld);
    const nowMs = this.parts.timeline.monotonicMs();
    const atMs = this.parts.time.earliestMs() + Math.max(0, dueMs - nowMs);
    return atMs < entry.terms.endsAtMs ? Math.round(atMs) : undefined;
  }

  /** Begins no more runs. */
  stop(): void {
    this.isStopped = true;
    this.wheel.stop();
    this.ready.length = 0;
  }

  private enter(id: string, terms: RunTerms, failures: number, waitMs: number): void {
    const entry = { id, terms, failures, hasRun: false };
    this.entries.set(id, entry);
    this.plan(entry, waitMs);
  }

  private plan({ id }: Entry, waitMs: number): void {
    this.wheel.set(id, this.parts.timeline.monotonicMs() + Math.max(0, waitMs));
  }

  private fallDue(id: string, dueMs: number): void {
    const entry = this.entries.get(id);
    if (!entry || this.isStopped) return;
    const lateMs = this.parts.timeline.monotonicMs() - dueMs;
    if (lateMs > LATE_MS) return this.plan(entry, this.random() * this.intervalOf(entry));
    if (!this.mayBegin(entry)) return;
    this.ready.push(entry);
    this.beginReady();
  }

  /** Otherwise it is planned to be looked at again. */
  private mayBegin(entry: Entry): boolean {
    const { time, onDoubt } = this.parts;
    const { endsAtMs } = entry.terms;
    if (time.earliestMs() >= endsAtMs) {
      this.plan(entry, ENDED_LOOK_MS);
      return false;
    }
    if (time.latestMs() < endsAtMs) return true;
    onDoubt();
    this.plan(entry, DOUBT_LOOK_MS);
    return false;
  }

  private beginReady(): void {
    while (this.running.size < RUNS_AT_ONCE && !this.isStopped) {
      const entry = this.ready.shift();
      if (!entry) return;
      // It may have been removed, or its end may have come, while it waited.
      if (this.entries.get(entry.id) !== entry || !this.mayBegin(entry)) continue;
      if (this.running.has(entry.id)) this.plan(entry, SOON_MS);
      else void this.run(entry);
    }
  }

  private async run(entry: Entry): Promise<void> {
    const startedMs = this.parts.timeline.monotonicMs();
    this.running.add(entry.id);
    const result = await this.parts.run(entry.id);
    this.running.delete(entry.id);
    if (this.entries.get(entry.id) === entry) {
      if (result === 'stopped') this.remove(entry.id);
      else this.planNext(entry, result, startedMs);
    }
    this.beginReady();
  }

  private planNext(entry: Entry, result: RunResult, startedMs: number): void {
    entry.failures = result === 'succeeded' ? 0 : entry.failures + 1;
    const interval = intervalMs(entry.terms.frequencyMs, entry.failures, result === 'held');
    const phaseMs = this.random() * Math.min(interval * PHASE_PART, LONGEST_PHASE_MS);
    const dueMs = startedMs + interval + (entry.hasRun ? 0 : phaseMs);
    entry.hasRun = true;
    this.wheel.set(entry.id, Math.max(dueMs, this.parts.timeline.monotonicMs()));
  }

  private intervalOf({ terms, failures }: Entry): number {
    return intervalMs(terms.frequencyMs, failures);
  }
}
