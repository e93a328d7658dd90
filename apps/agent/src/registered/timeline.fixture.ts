/** A timeline that stands still until told otherwise. */
import { Timeline } from '#apps/agent/src/registered/timeline.js';

interface Planned {
  atMs: number;
  act: () => void;
}

export class HandMovedTimeline extends Timeline {
  private monotonic = 1_000;
  private planned: Planned[] = [];

  constructor(private wall = 1_800_000_000_000) {
    super();
  }

  override wallMs(): number {
    return this.wall;
  }

  override monotonicMs(): number {
    return this.monotonic;
  }

  override after(ms: number, act: () => void): () => void {
    const plan = { atMs: this.monotonic + Math.max(0, ms), act };
    this.planned.push(plan);
    return () => {
      this.planned = this.planned.filter((other) => other !== plan);
    };
  }

  /** Somebody sets the machine's clock. */
  setWall(changeMs: number): void {
    this.wall += changeMs;
  }

  /** The machine sleeps: its clock goes on, its timers do not. */
  sleep(ms: number): void {
    this.wall += ms;
  }

  /** Time goes by; what falls due in it happens in its order, and promises settle in between. */
  async pass(ms: number): Promise<void> {
    const endMs = this.monotonic + ms;
    for (;;) {
      await settled();
      const next = this.planned.sort((a, b) => a.atMs - b.atMs)[0];
      if (!next || next.atMs > endMs) break;
      this.planned.shift();
      this.moveTo(Math.max(next.atMs, this.monotonic));
      next.act();
    }
    this.moveTo(endMs);
    await settled();
  }

  private moveTo(monotonicMs: number): void {
    this.wall += monotonicMs - this.monotonic;
    this.monotonic = monotonicMs;
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
}
