/**
 * Decorrelated jitter: each wait is drawn from [base, 3 × previous], capped.
 * Source: "Exponential Backoff And Jitter", AWS Architecture Blog.
 */
export class Backoff {
  private previousMs: number;

  /**
   * @param baseMs shortest wait, milliseconds
   * @param capMs longest wait, milliseconds
   */
  constructor(
    private readonly baseMs: number,
    private readonly capMs: number,
    private readonly random: () => number = Math.random,
  ) {
    this.previousMs = baseMs;
  }

  /** The next wait in milliseconds. */
  next(): number {
    const upper = Math.max(this.baseMs, this.previousMs * 3);
    const drawn = this.baseMs + this.random() * (upper - this.baseMs);
    this.previousMs = Math.min(this.capMs, drawn);
    return Math.round(this.previousMs);
  }

  /** Call after a success that lasted. */
  reset(): void {
    this.previousMs = this.baseMs;
  }
}
