/** The claims of this node while their queries run: renewed, told when they are lost or cancelled. */
import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { isEnded } from '#apps/broker/src/async-queries/query-record.js';
import { QueryRecords } from '#apps/broker/src/async-queries/query-records.js';
import { RunClaimed } from '#apps/broker/src/async-queries/run-claimed.js';
import { SiteLines, type InLine } from '#apps/broker/src/async-queries/site-lines.js';
import { traceOf } from '#apps/broker/src/edge/known-failure.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import { ConduitError, toConduitError } from '#libs/errors/conduit-error.js';

const RENEW_MS = 3_000;
/** After a run that met what is not its own fault. */
const FAULT_REST_MS = 2_000;

interface Held {
  claim: InLine;
  stop: AbortController;
}

@Injectable()
export class ClaimKeeper implements BeforeApplicationShutdown {
  private readonly held = new Map<string, Held>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly run: RunClaimed,
    private readonly lines: SiteLines,
    private readonly records: QueryRecords,
    private readonly log: EventLog,
  ) {}

  /** Never rejects. @returns milliseconds in which the site is to be left alone */
  async serve(claim: InLine): Promise<number> {
    const stop = new AbortController();
    this.held.set(claim.id, { claim, stop });
    this.timer ??= setInterval(() => void this.renewAll(), RENEW_MS).unref();
    try {
      const verdict = await this.run.execute(claim.id, stop.signal);
      if (verdict.left) await this.lines.leave(claim);
      else await this.lines.giveBack(claim);
      return verdict.left ? 0 : verdict.restMs;
    } catch (thrown) {
      const error = toConduitError(thrown);
      const { code } = error;
      this.log.write('query-run.failed', { code, ...traceOf(error.cause) });
      return FAULT_REST_MS;
    } finally {
      this.held.delete(claim.id);
    }
  }

  cancel(queryId: string): void {
    this.held.get(queryId)?.stop.abort(new ConduitError('QUERY_CANCELLED'));
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private async renewAll(): Promise<void> {
    for (const { claim, stop } of this.held.values()) {
      // Without the store nothing can be said; the lease is longer than a few of these turns.
      const isOurs = await this.renew(claim).catch(() => true);
      if (!isOurs) stop.abort(new ConduitError('QUERY_CANCELLED'));
    }
  }

  private async renew(claim: InLine): Promise<boolean> {
    if (!(await this.lines.renew(claim))) return false;
    const record = await this.records.read(claim.id);
    return record !== undefined && !isEnded(record);
  }
}
