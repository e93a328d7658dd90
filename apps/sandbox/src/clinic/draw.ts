/**
 * Seeded pseudo-random draws. Each row has its own stream, keyed by seed, table and row number, so
 * any row can be made again alone (an invoice needs its patient's date of birth) and adding a
 * table never shifts the rows of another.
 */
export class Draw {
  private state: number;

  constructor(seed: string, table: string, row: number) {
    this.state = hash(`${seed}|${table}|${row}`);
  }

  /** A real number in [0, 1). Mulberry32, by Tommy Ettinger (public domain). */
  unit(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.unit() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.unit() * choices.length)] as T;
  }

  /** So many decimal digits, as text. */
  digits(count: number): string {
    let text = '';
    for (let index = 0; index < count; index += 1) text += this.whole(0, 9);
    return text;
  }

  /** The value, or null with the given probability. */
  maybe<T>(nullProbability: number, value: T): T | null {
    return this.chance(nullProbability) ? null : value;
  }
}

/** FNV-1a, 32 bit, with a final mix so that neighbouring row numbers do not run alike. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return value ^ (value >>> 16);
}
