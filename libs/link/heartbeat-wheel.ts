/**
 * One timer for the heartbeats of every link in the process: 5,000 idle links cost one interval.
 * Time is counted in ticks of this timer and not by a clock, so that neither a jump of the wall
 * clock nor a stalled event loop (whose unread data would look like silence) cuts live links.
 */
export interface Heartbeat {
  /** Called every few ticks. */
  beat(tick: number): void;
}

/** A link is looked at once in so many ticks. */
const SLOTS = 5;

export class HeartbeatWheel {
  /** The wheel that links use unless told otherwise: one tick is one second. */
  static readonly shared = new HeartbeatWheel(1_000);

  private readonly slots = Array.from({ length: SLOTS }, () => new Set<Heartbeat>());
  private readonly slotOf = new Map<Heartbeat, Set<Heartbeat>>();
  private timer: NodeJS.Timeout | undefined;
  private added = 0;
  private ticks = 0;

  /** @param tickMs milliseconds per tick; 0 means that only `advance` moves the wheel */
  constructor(private readonly tickMs: number) {}

  /** Ticks since the wheel was made. */
  get now(): number {
    return this.ticks;
  }

  add(heartbeat: Heartbeat): void {
    const slot = this.slots[this.added++ % SLOTS] as Set<Heartbeat>;
    slot.add(heartbeat);
    this.slotOf.set(heartbeat, slot);
    if (this.timer === undefined && this.tickMs > 0) {
      this.timer = setInterval(() => this.advance(), this.tickMs).unref();
    }
  }

  remove(heartbeat: Heartbeat): void {
    this.slotOf.get(heartbeat)?.delete(heartbeat);
    this.slotOf.delete(heartbeat);
    if (this.slotOf.size === 0) {
      clearInterval(this.timer);
      this.timer = undefined;
    }
  }

  /** Moves the wheel on. */
  advance(ticks = 1): void {
    for (let i = 0; i < ticks; i++) {
      this.ticks++;
      for (const heartbeat of this.slots[this.ticks % SLOTS] as Set<Heartbeat>) {
        heartbeat.beat(this.ticks);
      }
    }
  }
}
