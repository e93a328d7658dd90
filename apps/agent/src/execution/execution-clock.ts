/**
 * How long a statement may take. Time that the database works counts; time that it waits for a
 * reader to take what it has does not, so a long stream may flow for as long as it flows. Both ends
 * stay bounded: by the time altogether, and by how long a reader may take nothing at all, since a
 * waiting statement still holds a place and perhaps locks at the practice.
 */
import type { ChunkQueue } from '#apps/agent/src/pms/rows/chunk-queue.js';

export interface ExecutionTimes {
  /** Milliseconds of the database's own. */
  workMs: number;
  /** Milliseconds altogether. */
  totalMs: number;
  /** Milliseconds without a byte being taken. */
  stallMs: number;
}

/** The least time between two looks, so that a waiting statement is not looked at all the time. */
const LEAST_LOOK_MS = 100;

export class ExecutionClock {
  private readonly startedAt = performance.now();
  private timer: NodeJS.Timeout;

  /** @param onOver called once, when any of the times is over */
  constructor(
    private readonly times: ExecutionTimes,
    private readonly chunks: ChunkQueue,
    private readonly onOver: () => void,
  ) {
    this.timer = setTimeout(() => this.look(), Math.min(times.workMs, times.totalMs));
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private look(): void {
    const { workMs, totalMs, stallMs } = this.times;
    const elapsedMs = performance.now() - this.startedAt;
    const leftMs = Math.min(
      workMs - (elapsedMs - this.chunks.waitedMs),
      totalMs - elapsedMs,
      stallMs - this.chunks.waitingMs,
    );
    // Timers may fire a fraction early.
    if (leftMs < 1) return this.onOver();
    this.timer = setTimeout(() => this.look(), Math.max(LEAST_LOOK_MS, leftMs));
  }
}
