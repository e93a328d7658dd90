/** Whether a run still gets on: it is aborted when what is due does not come, or its owner says so. */
import { ConduitError } from '#libs/errors/conduit-error.js';

export class RunWatch {
  private readonly stopper = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private readonly abort = (): void => this.stopper.abort(this.outer.reason);

  constructor(private readonly outer: AbortSignal) {
    if (outer.aborted) this.abort();
    else outer.addEventListener('abort', this.abort, { once: true });
  }

  get signal(): AbortSignal {
    return this.stopper.signal;
  }

  /** Something has to come within so many milliseconds; else the run ends with EXECUTION_TIMEOUT. */
  expect(ms: number): void {
    clearTimeout(this.timer);
    const late = (): void => this.stopper.abort(new ConduitError('EXECUTION_TIMEOUT'));
    this.timer = setTimeout(late, ms).unref();
  }

  /** It is this side that keeps the other waiting. */
  rest(): void {
    clearTimeout(this.timer);
  }

  stop(): void {
    this.rest();
    this.outer.removeEventListener('abort', this.abort);
  }
}
