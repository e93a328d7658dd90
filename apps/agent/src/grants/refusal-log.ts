/**
 * Refused grants in the agent's log, and never so many that the log fills the disk: a broker decides
 * how many documents it sends. The journal counts those that are not said.
 */
import type { Clock } from '#libs/kernel/clock.js';
import type { RefusedGrant } from '#apps/agent/src/grants/grant-store.js';
import type { EventLog } from '#apps/agent/src/logging/event-log.js';

export const refusalLogLimit = { lines: 20, withinMs: 60_000 } as const;

export class RefusalLog {
  private said = 0;
  private unsaid = 0;
  private endsMs = 0;

  constructor(
    private readonly log: EventLog,
    private readonly clock: Clock,
  ) {}

  write(refused: RefusedGrant): void {
    const nowMs = this.clock.now();
    // A clock that was set back must not keep it silent for longer than the time it was meant for.
    if (nowMs >= this.endsMs || nowMs < this.endsMs - refusalLogLimit.withinMs) {
      this.endsMs = nowMs + refusalLogLimit.withinMs;
      this.said = 0;
    }
    if (this.said >= refusalLogLimit.lines) {
      this.unsaid += 1;
      return;
    }
    this.said += 1;
    const { unsaid } = this;
    this.unsaid = 0;
    this.log.write('grant.refused', { ...refused, ...(unsaid > 0 && { unsaid }) });
  }
}
