/** The claims of this node while their queries run: renewed, told when they are lost or cancelled. */
import { randomUUID } from 'node:crypto';
import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { isEnded, isRunning } from '#apps/broker/src/async-queries/query-record.js';
import { QueryRecords } from '#apps/broker/src/async-queries/query-records.js';
import { RunClaimed } from '#apps/broker/src/async-queries/run-claimed.js';
import { SiteLines, type InLine } from '#apps/broker/src/async-queries/site-lines.js';
import type { Wait } from '#apps/broker/src/async-queries/wait-reasons.js';
import { traceOf } from '#apps/broker/src/edge/known-failure.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import { ConduitError, toConduitError } from '#libs/errors/conduit-error.js';

const RENEW_MS = 3_000;
/** After a run that met what is not its own fault. */
const afterFault: Wait = { reason: 'waitingTurn', of: 'site', restMs: 2_000 };

interface Held {
  claim: InLine;
  runId: string;
  stop: AbortController;
  /** By performance.now(). */
  sinceMs: number;
}

@Injectable()
export class ClaimKeeper implements BeforeApplicationShutdown {
  /** By run: a claim that lapsed may be served again while its first run still ends. */
  private readonly held = new Map<string, Held>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly run: RunClaimed,
    private readonly lines: SiteLines,
    private readonly records: QueryRecords,
    private readonly log: EventLog,
  ) {}

  /** Never rejects. @returns who is to be left alone for how long, if anybody */
  async serve(claim: InLine): Promise<Wait | undefined> {
    const stop = new AbortController();
    const runId = randomUUID();
    this.held.set(runId, { claim, runId, stop, sinceMs: performance.now() });
    this.timer ??= setInterval(() => void this.renewAll(), RENEW_MS).unref();
    try {
      const verdict = await this.run.execute(claim, runId, stop.signal);
      if (verdict === 'leave') await this.lines.leave(claim);
      if (typeof verdict === 'string') return undefined;
      await this.lines.giveBack(claim);
      return verdict;
    } catch (thrown) {
      const error = toConduitError(thrown);
      const { code } = error;
      this.log.write('query-run.failed', { code, ...traceOf(error.cause) });
      return afterFault;
    } finally {
      this.held.delete(runId);
    }
  }

  cancel(queryId: string): void {
    for (const { claim, stop } of this.held.values()) {
      if (claim.id === queryId) stop.abort(new ConduitError('QUERY_CANCELLED'));
    }
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private async renewAll(): Promise<void> {
    const turns = [...this.held.values()].map(async (held) => {
      // Without the store nothing can be said; the lease is longer than a few of these turns.
      const isOurs = await this.renew(held).catch(() => true);
      if (!isOurs) held.stop.abort(new ConduitError('QUERY_CANCELLED'));
    });
    await Promise.all(turns);
  }

  private async renew({ claim, runId, sinceMs }: Held): Promise<boolean> {
    // A run that has just begun may still be looking at the one that was cut before it.
    if (performance.now() - sinceMs < RENEW_MS) return true;
    if (!(await this.lines.renew(claim))) return false;
    const record = await this.records.read(claim.id);
    if (record === undefined || isEnded(record)) return false;
    return !isRunning(record) || record.runId === runId;
  }
}
