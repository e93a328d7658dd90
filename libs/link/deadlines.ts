/**
 * One coarse timer for the deadlines of all requests: setting and clearing one costs two map
 * operations, and the timer stands still while nothing waits.
 */
const TICK_MS = 100;

export class Deadlines {
  static readonly shared = new Deadlines();

  private readonly due = new Map<number, Set<() => void>>();
  private timer: NodeJS.Timeout | undefined;
  private ticks = 0;

  /**
   * @param ms milliseconds, rounded up to the next 100
   * @returns stops it
   */
  after(ms: number, action: () => void): () => void {
    // One tick more: the current one has partly gone by.
    const tick = this.ticks + Math.ceil(ms / TICK_MS) + 1;
    const actions = this.due.get(tick) ?? new Set();
    this.due.set(tick, actions.add(action));
    this.timer ??= setInterval(() => this.advance(), TICK_MS).unref();
    return () => this.stop(tick, actions, action);
  }

  private stop(tick: number, actions: Set<() => void>, action: () => void): void {
    actions.delete(action);
    if (actions.size === 0) this.due.delete(tick);
    this.rest();
  }

  private advance(): void {
    const actions = this.due.get(++this.ticks);
    this.due.delete(this.ticks);
    for (const action of actions ?? []) action();
    this.rest();
  }

  private rest(): void {
    if (this.due.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }
}
