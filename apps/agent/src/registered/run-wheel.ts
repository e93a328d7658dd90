/**
 * When each of many things is due, with one timer for all of them: a heap by due time. Moving or
 * removing one leaves its old place in the heap, which is thrown away when its turn comes.
 */
import type { Timeline } from '#apps/agent/src/registered/timeline.js';

interface Place {
  id: string;
  dueMs: number;
}

/** At most so long between two looks: timers of a machine that slept may be late by its sleep. */
const LONGEST_LOOK_MS = 30_000;

export class RunWheel {
  private readonly due = new Map<string, number>();
  private heap: Place[] = [];
  private stopTimer: (() => void) | undefined;
  private isStopped = false;

  /** @param onDue called once for each `set`, with when it was due; monotonic milliseconds */
  constructor(
    private readonly timeline: Timeline,
    private readonly onDue: (id: string, dueMs: number) => void,
  ) {}

  get size(): number {
    return this.due.size;
  }

  /** @param dueMs by the monotonic clock; takes the place of what was set for it before */
  set(id: string, dueMs: number): void {
    this.due.set(id, dueMs);
    this.push({ id, dueMs });
    if (this.heap.length > 64 + 4 * this.due.size) this.rebuild();
    this.plan();
  }

  remove(id: string): void {
    this.due.delete(id);
  }

  stop(): void {
    this.isStopped = true;
    this.stopTimer?.();
  }

  private turn(): void {
    const nowMs = this.timeline.monotonicMs();
    for (let first = this.heap[0]; first && first.dueMs <= nowMs; first = this.heap[0]) {
      this.pop();
      if (this.due.get(first.id) !== first.dueMs) continue;
      this.due.delete(first.id);
      this.onDue(first.id, first.dueMs);
    }
    this.plan();
  }

  private plan(): void {
    this.stopTimer?.();
    this.stopTimer = undefined;
    const [first] = this.heap;
    if (!first || this.isStopped) return;
    const waitMs = Math.max(0, first.dueMs - this.timeline.monotonicMs());
    this.stopTimer = this.timeline.after(Math.min(waitMs, LONGEST_LOOK_MS), () => this.turn());
  }

  private rebuild(): void {
    this.heap = [...this.due]
      .map(([id, dueMs]) => ({ id, dueMs }))
      .sort((a, b) => a.dueMs - b.dueMs);
  }

  private push(place: Place): void {
    const { heap } = this;
    let index = heap.push(place) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if ((heap[parent] as Place).dueMs <= place.dueMs) break;
      heap[index] = heap[parent] as Place;
      index = parent;
    }
    heap[index] = place;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right && right.dueMs < (heap[child] as Place).dueMs) child += 1;
      if ((heap[child] as Place).dueMs >= last.dueMs) break;
      heap[index] = heap[child] as Place;
      index = child;
    }
    heap[index] = last;
  }
}
