/**
 * Chance that can be repeated: the same seed draws the same plan. What a plan meets (which byte is on
 * the wire when a process dies) is the machine's; a seed repeats the plan, not the interleaving.
 */
export class SeededRandom {
  private state: number;

  /** @param seed whole number, 0 to 2^32 - 1 */
  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** 0 up to, not including, 1. Mulberry32. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** Whole, both ends included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** True once in `of` times. */
  oneIn(of: number): boolean {
    return this.between(1, of) === 1;
  }

  pick<T>(choices: readonly T[]): T {
    const chosen = choices[this.between(0, choices.length - 1)];
    if (chosen === undefined) throw new RangeError('nothing to pick from');
    return chosen;
  }

  /** Lowercase letters and digits. */
  word(letters: number): string {
    return Array.from({ length: letters }, () => this.between(0, 35).toString(36)).join('');
  }

  /** A source of its own, so that what one part draws does not shift what another does. */
  fork(): SeededRandom {
    return new SeededRandom(this.between(0, 0xffff_ffff));
  }
}
