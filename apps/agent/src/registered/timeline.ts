/** Both of a machine's clocks and its timer, as a dependency: tests move them by hand. */
export abstract class Timeline {
  /** Milliseconds since the epoch, by the machine's clock: somebody may set it to anything. */
  abstract wallMs(): number;

  /** Milliseconds since some moment: never jumps, but on most machines stands still in their sleep. */
  abstract monotonicMs(): number;

  /** @returns stops it */
  abstract after(ms: number, act: () => void): () => void;
}

export class SystemTimeline extends Timeline {
  override wallMs(): number {
    return Date.now();
  }

  override monotonicMs(): number {
    return performance.now();
  }

  override after(ms: number, act: () => void): () => void {
    const timer = setTimeout(act, ms).unref();
    return () => clearTimeout(timer);
  }
}
