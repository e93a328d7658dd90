/** Counts requests between their head and the end of their answer, so that stopping can wait. */
import type { ServerResponse } from 'node:http';

export class RequestCount {
  private running = 0;
  private waiter: (() => void) | undefined;
  private leaving = false;

  /** @param ended told the method, declared route and status of each finished request */
  constructor(private readonly ended: (method: string, route: string, status: number) => void) {}

  begin(method: string, route: string, response: ServerResponse): void {
    this.running += 1;
    // A connection that stays open after its answer would keep a stopping server open.
    if (this.leaving) response.setHeader('Connection', 'close');
    response.once('close', () => {
      this.running -= 1;
      this.ended(method, route, response.statusCode);
      if (this.running === 0) this.waiter?.();
    });
  }

  /** @returns how many had not finished when the time was over */
  async settle(maxMs: number): Promise<number> {
    this.leaving = true;
    if (this.running === 0) return 0;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.waiter = resolve;
      timer = setTimeout(resolve, maxMs);
    });
    clearTimeout(timer);
    return this.running;
  }
}
