/**
 * The registered queries of this agent: taken in, run at their times, renewed, ended. What the broker
 * brings is examined like everything else it brings; permission is asked at every run, not here.
 */
import type { KeyObject } from 'node:crypto';
import {
  registeredLimits,
  type FetchRegisteredMeta,
  type PutRegisteredMeta,
} from '#libs/contracts/registered.js';
import { ConduitError, toConduitError } from '#libs/errors/conduit-error.js';
import { openRequest } from '#libs/sealing/seal-request.js';
import type { ErrorCode } from '#libs/errors/catalogue.js';
import { oneByOne } from '#libs/kernel/turns.js';
import type { BrokerTalk } from '#apps/agent/src/registered/broker-talk.js';
import { splitEnvelope } from '#apps/agent/src/registered/conclude-run.js';
import type { PerformRun } from '#apps/agent/src/registered/perform-run.js';
import type {
  HeldQuery,
  RegisteredDefinition,
} from '#apps/agent/src/registered/registered-query.js';
import { runFiles, type RegisteredShelf } from '#apps/agent/src/registered/registered-shelf.js';
import {
  registeredStanding,
  type RegisteredStanding,
} from '#apps/agent/src/registered/registered-standing.js';
import { RunClock, type RunResult, type RunTerms } from '#apps/agent/src/registered/run-clock.js';
import { readRegistered } from '#apps/agent/src/registered/run-query-once.js';
import type { Timeline } from '#apps/agent/src/registered/timeline.js';
import type { TrustedTime } from '#apps/agent/src/registered/trusted-time.js';

export interface RegisteredParts {
  shelf: RegisteredShelf;
  perform: PerformRun;
  talk: BrokerTalk;
  timeline: Timeline;
  time: TrustedTime;
  /** The private half of a key that a body was sealed to, if it still exists. */
  findKey: (publicKey: string) => KeyObject | undefined;
  /** Undefined for a site that is not served here. */
  leastFrequencyOf: (siteId: string) => number | undefined;
  onFailed: (code: ErrorCode) => void;
  /** On disk in this agent's own log when it resolves. @throws ConduitError JOURNAL_UNAVAILABLE: then it is not taken in */
  noteAccepted: (definition: RegisteredDefinition, statement: string) => Promise<void>;
}

/** After its end it is kept so long for its last result, should the broker not say that it is over. */
const KEPT_AFTER_END_MS = 48 * 3_600_000;

/** Refusals that pass by themselves. */
const HELD: readonly ErrorCode[] = [
  'SITE_PAUSED',
  'GRANT_PAUSED',
  'QUERY_STOPPED',
  'GRANT_OUTSIDE_HOURS',
  'GRANT_NOT_YET_VALID',
  'QUEUE_EXPIRED',
  'CONCURRENCY_LIMITED',
];

export class RegisteredQueries {
  private readonly clock: RunClock;
  /** What the broker brings is done in its order: twice the same at once would be two. */
  private readonly inTurn = oneByOne();

  constructor(private readonly parts: RegisteredParts) {
    const { timeline, time, talk } = parts;
    this.clock = new RunClock({
      timeline,
      time,
      run: (id) => this.run(id),
      onDoubt: () => talk.askTime(),
    });
  }

  get count(): number {
    return this.parts.shelf.size;
  }

  standings(): RegisteredStanding[] {
    return this.parts.shelf.all().map(registeredStanding);
  }

  async start(): Promise<void> {
    const { shelf, talk, time } = this.parts;
    for (const held of shelf.all()) {
      const { definition, state } = held;
      if (time.earliestMs() > definition.endsAtMs + KEPT_AFTER_END_MS) await shelf.remove(held);
      else if (!state.stopped) {
        const { registeredId } = definition;
        this.clock.resume(registeredId, termsOf(definition), state.lastStartMs, state.failures);
      }
    }
    talk.start();
  }

  /** Begins no more runs; those that run are the execution room's to end. */
  async stop(): Promise<void> {
    this.clock.stop();
    this.parts.talk.stop();
    await Promise.all(this.parts.shelf.all().map(({ kept }) => kept));
  }

  /**
   * Takes one in, or its new terms. The same again changes nothing.
   * @throws ConduitError REGISTERED_LIMIT, SEAL_BROKEN, REQUEST_INVALID, QUERY_GONE (terms of one that
   *   is not here), JOURNAL_UNAVAILABLE, SPOOL_FULL
   */
  put(meta: PutRegisteredMeta, sealed: Buffer): Promise<void> {
    return this.inTurn(() => this.take(meta, sealed));
  }

  /** Whether it was here or not, it is not any more. */
  end(registeredId: string): Promise<void> {
    return this.inTurn(async () => {
      this.clock.remove(registeredId);
      const held = this.parts.shelf.find(registeredId);
      if (held) await this.parts.shelf.remove(held);
    });
  }

  private async take(meta: PutRegisteredMeta, sealed: Buffer): Promise<void> {
    const { shelf, time, noteAccepted } = this.parts;
    time.learn(meta.brokerTimeMs);
    this.checkTerms(meta);
    const held = shelf.find(meta.registeredId);
    if (held) return this.renew(held, meta);
    if (sealed.length === 0) throw new ConduitError('QUERY_GONE');
    if (shelf.size >= registeredLimits.perAgent) {
      const facts = { limit: registeredLimits.perAgent, reason: 'agent' };
      throw new ConduitError('REGISTERED_LIMIT', { facts });
    }
    const body = this.open(meta, sealed);
    const { command } = readRegistered(body).registerCommand;
    const definition = definitionOf(meta);
    await noteAccepted(definition, command.text);
    await shelf.add(definition, body);
    this.clock.add(definition.registeredId, termsOf(definition));
  }

  /**
   * Sealed parts of a run that are still kept here.
   * @throws ConduitError RESULT_GONE
   */
  async fetch({
    registeredId,
    run,
    pageEncoding,
  }: FetchRegisteredMeta): Promise<{ keyEnvelope: string; frames: Buffer[] }> {
    const { shelf } = this.parts;
    const files = [runFiles.rows(run), runFiles.delta(run)];
    const definition = shelf.find(registeredId)?.definition;
    const isReadable = definition && (!definition.pageEncoding || pageEncoding !== undefined);
    const kept = await Promise.all(
      isReadable ? files.map((name) => shelf.folder.read(registeredId, name)) : [],
    );
    const parts = kept.filter((part) => part !== undefined).map(splitEnvelope);
    const [first] = parts;
    if (!first) throw new ConduitError('RESULT_GONE');
    return { keyEnvelope: first.keyEnvelope, frames: parts.map(({ frames }) => frames) };
  }

  /** A permission was withdrawn: what stood on it and will never be allowed again stops at once. */
  async withdrawn(grantId: string): Promise<void> {
    const { shelf, perform, timeline, time, talk } = this.parts;
    for (const held of shelf.all()) {
      const { definition, state } = held;
      if (definition.grantId !== grantId || state.stopped) continue;
      const reason = perform.finalReason(held);
      if (!reason) continue;
      state.stopped = reason;
      this.clock.remove(definition.registeredId);
      state.lastRun = Math.max(state.lastRun + 1, Math.floor(timeline.wallMs()));
      const { registeredId } = definition;
      const startedAtMs = Math.round(time.earliestMs());
      const when = { registeredId, run: state.lastRun, startedAtMs, executionMs: 0 };
      shelf.note(held, { ...when, outcome: 'failed', errorCode: reason, stopped: true });
      await shelf.keepState(held, true).catch(() => undefined);
    }
    talk.wake();
  }

  private async run(id: string): Promise<RunResult> {
    const { shelf, perform, talk, timeline, onFailed } = this.parts;
    const held = shelf.find(id);
    if (!held || held.state.stopped) return 'stopped';
    const startedMs = timeline.monotonicMs();
    try {
      const report = await perform.execute(held);
      if (!report) return 'stopped';
      if (report.outcome === 'failed') onFailed((report.errorCode ?? 'INTERNAL') as ErrorCode);
      const isHeld = HELD.some((code) => code === report.errorCode);
      const nextRunAtMs = this.clock.nextRunMs(id, startedMs, held.state.failures, isHeld);
      const isOver = report.stopped ?? nextRunAtMs === undefined;
      shelf.note(held, isOver ? report : { ...report, nextRunAtMs });
      await shelf.keepState(held, report.outcome === 'changed');
      if (report.outcome === 'changed') await shelf.sweep(held);
      talk.wake();
      if (report.stopped) return 'stopped';
      if (report.outcome !== 'failed') return 'succeeded';
      return isHeld ? 'held' : 'failed';
    } catch (error) {
      onFailed(toConduitError(error).code);
      talk.wake();
      return 'failed';
    }
  }

  private async renew(held: HeldQuery, meta: PutRegisteredMeta): Promise<void> {
    const { shelf } = this.parts;
    if (meta.revision <= held.definition.revision) return;
    const { pageEncoding: _, ...before } = held.definition;
    const definition = { ...before, ...termsIn(meta) };
    await shelf.renew(held, definition);
    if (!held.state.stopped) this.clock.change(definition.registeredId, termsOf(definition));
  }

  private open(meta: PutRegisteredMeta, sealed: Buffer): Buffer {
    const key = this.parts.findKey(meta.sealedTo);
    if (!key) throw new ConduitError('SEAL_BROKEN');
    const { registeredId, siteId, integratorId, keyId, resultKey } = meta;
    const context = { queryId: registeredId, siteId, integratorId, keyId, resultKey };
    return openRequest(key, { ...context, idempotencyKey: '' }, sealed);
  }

  private checkTerms({ siteId, frequencySeconds }: PutRegisteredMeta): void {
    const least = this.parts.leastFrequencyOf(siteId);
    if (least === undefined) throw new ConduitError('SITE_NOT_FOUND');
    if (frequencySeconds >= least) return;
    const problem = `must not be less than ${least}`;
    throw new ConduitError('REQUEST_INVALID', { facts: { field: 'frequency', problem } });
  }
}

function termsOf({ frequencySeconds, endsAtMs }: RegisteredDefinition): RunTerms {
  return { frequencyMs: frequencySeconds * 1_000, endsAtMs };
}

function definitionOf(meta: PutRegisteredMeta): RegisteredDefinition {
  const { registeredId, siteId, integratorId, keyId, grantId, grantSeq, resultKey } = meta;
  const who = { registeredId, siteId, integratorId, keyId, grantId, grantSeq, resultKey };
  return { ...who, ...termsIn(meta) };
}

/** What a renewal changes. */
function termsIn({ revision, frequencySeconds, endsAtMs, pageEncoding }: PutRegisteredMeta) {
  return { revision, frequencySeconds, endsAtMs, ...(pageEncoding && { pageEncoding }) };
}
