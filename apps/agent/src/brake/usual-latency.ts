/**
 * How long the server usually takes to answer nothing: the median of looks that lie apart, taken while
 * nothing of ours that may wait was running. What stays slow for long without us is how it is, so
 * nothing is held back for ever.
 */
const KEPT = 40;
const APART_MS = 30_000;

export class UsualLatency {
  private readonly kept: number[] = [];
  private lastMs = -Infinity;

  /** @param atMs of a clock that only goes forward */
  note(latencyMs: number, atMs: number): void {
    // The first few come quickly: until then nothing is known.
    if (this.kept.length >= 3 && atMs - this.lastMs < APART_MS) return;
    this.lastMs = atMs;
    this.kept.push(latencyMs);
    if (this.kept.length > KEPT) this.kept.shift();
  }

  /** Undefined before the first look. */
  get medianMs(): number | undefined {
    const sorted = [...this.kept].sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)];
  }
}
