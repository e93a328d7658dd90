/**
 * Time as a dependency. Rules that depend on the hour take a Clock, so that tests can move it and
 * a jump of the machine's clock has one place where it is felt.
 */
export abstract class Clock {
  /** Milliseconds since the Unix epoch, by this machine's wall clock. */
  abstract now(): number;
}

export class SystemClock extends Clock {
  override now(): number {
    return Date.now();
  }
}

/** A clock that stands still until told otherwise; for tests and benches. */
export class FixedClock extends Clock {
  constructor(private currentMs: number) {
    super();
  }

  override now(): number {
    return this.currentMs;
  }

  advance(ms: number): void {
    this.currentMs += ms;
  }
}
