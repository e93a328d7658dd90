/**
 * What the agent tells the broker about its registered queries: each run once it is over, again until
 * the broker says that it has it; and, at each attachment and now and then, which ones it holds, so
 * that the broker can bring and end what differs. The answer carries the true time.
 */
import { brokerPatterns } from '#libs/contracts/link-messages.js';
import {
  registeredLimits,
  type RegisteredRunReport,
  type ReportRegisteredMeta,
  type SyncRegisteredAnswer,
  type SyncRegisteredMeta,
} from '#libs/contracts/registered.js';
import { toConduitError } from '#libs/errors/conduit-error.js';
import type { BrokerLine } from '#apps/agent/src/grants/broker-line.port.js';
import type { HeldQuery } from '#apps/agent/src/registered/registered-query.js';
import type { RegisteredShelf } from '#apps/agent/src/registered/registered-shelf.js';
import type { Timeline } from '#apps/agent/src/registered/timeline.js';

export interface TalkParts {
  shelf: RegisteredShelf;
  line: BrokerLine;
  timeline: Timeline;
  /** The true time was heard, milliseconds since the epoch. */
  onTime: (brokerTimeMs: number) => void;
}

/** Reports of a moment leave together, and no more than one lot a second. */
const GATHER_MS = 250;
const PAUSE_MS = 1_000;
const RETRY_MS = 15_000;
const SYNC_MS = 5 * 60_000;
const LEAST_SYNC_MS = 5_000;

export class BrokerTalk {
  private isReporting = false;
  /** Runs in the next lot: one by one after a lot was refused, to find the one that is not wanted. */
  private lotSize: number = registeredLimits.runsPerReport;
  private isPlanned = false;
  private isStopped = false;
  private syncedMs = -Infinity;
  private stopTimer: (() => void) | undefined;

  constructor(private readonly parts: TalkParts) {}

  start(): void {
    const { line } = this.parts;
    line.onAttached(() => this.attached());
    if (line.attached) this.attached();
    this.planSync(SYNC_MS);
  }

  stop(): void {
    this.isStopped = true;
    this.stopTimer?.();
  }

  /** There is something to report. */
  wake(afterMs = GATHER_MS): void {
    if (this.isPlanned || this.isReporting || this.isStopped) return;
    this.isPlanned = true;
    this.parts.timeline.after(afterMs, () => {
      this.isPlanned = false;
      void this.reportAll();
    });
  }

  /** The time has to be heard: asked for at once, but not again and again. */
  askTime(): void {
    const nowMs = this.parts.timeline.monotonicMs();
    if (nowMs - this.syncedMs >= LEAST_SYNC_MS) void this.sync();
  }

  private attached(): void {
    void this.sync();
    this.wake();
  }

  private planSync(afterMs: number): void {
    if (this.isStopped) return;
    this.stopTimer = this.parts.timeline.after(afterMs, () => {
      void this.sync();
      this.wake();
      this.planSync(SYNC_MS);
    });
  }

  private async sync(): Promise<void> {
    const { shelf, line, onTime, timeline } = this.parts;
    this.syncedMs = timeline.monotonicMs();
    const held = shelf.all().map(({ definition: { registeredId, revision } }) => ({
      registeredId,
      revision,
    }));
    try {
      const meta: SyncRegisteredMeta = { held };
      const answer = (await line.ask(brokerPatterns.syncRegistered, meta)) as SyncRegisteredAnswer;
      if (Number.isSafeInteger(answer.brokerTimeMs)) onTime(answer.brokerTimeMs);
    } catch {
      // The next attachment, or the next round, does it.
    }
  }

  private async reportAll(): Promise<void> {
    if (this.isReporting || !this.parts.line.attached) return;
    this.isReporting = true;
    const waitMs = (await this.reportSome().catch(() => false)) ? PAUSE_MS : RETRY_MS;
    this.isReporting = false;
    if (this.parts.shelf.all().some(({ state }) => state.pending.length > 0)) this.wake(waitMs);
  }

  /** @returns whether the broker took them */
  private async reportSome(): Promise<boolean> {
    const { shelf, line } = this.parts;
    const told: { held: HeldQuery; runs: RegisteredRunReport[] }[] = [];
    let left = this.lotSize;
    for (const held of shelf.all()) {
      const runs = held.state.pending.slice(0, left);
      if (runs.length > 0) told.push({ held, runs });
      left -= runs.length;
      if (left === 0) break;
    }
    if (told.length === 0) return true;
    const meta: ReportRegisteredMeta = { runs: told.flatMap(({ runs }) => runs) };
    try {
      await line.ask(brokerPatterns.reportRegistered, meta);
      this.lotSize = registeredLimits.runsPerReport;
    } catch (error) {
      if (toConduitError(error).code !== 'REQUEST_INVALID') throw error;
      const isFound = this.lotSize === 1;
      this.lotSize = 1;
      // One that this broker will never take must not keep the others from it.
      if (!isFound) return true;
    }
    for (const { held, runs } of told) {
      held.state.pending = held.state.pending.filter((report) => !runs.includes(report));
      // Lost in a crash, they are told again, and the broker knows their numbers.
      await shelf.keepState(held, false).catch(() => undefined);
    }
    return true;
  }
}
