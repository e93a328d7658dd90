/**
 * Writes at one site, each at most once under its key. With a write journal on the database server
 * the promise holds through every crash; without one, where the practice permits that, a write that
 * was cut off is remembered as unknown and never made again.
 */
import { randomUUID } from 'node:crypto';
import type { RunQueryMeta } from '#libs/contracts/link-messages.js';
import { ConduitError, toConduitError } from '#libs/errors/conduit-error.js';
import type { ErrorCode } from '#libs/errors/catalogue.js';
import type { Grant } from '#libs/grants/grant.js';
import type { SiteSettings } from '#apps/agent/src/agent.config.js';
import type { Tier } from '#apps/agent/src/grants/grant-gate.port.js';
import type {
  JournalRow,
  PmsCommand,
  PmsDriver,
  PmsOutcome,
} from '#apps/agent/src/pms/pms-driver.port.js';
import type { ResultWriter } from '#apps/agent/src/pms/rows/result-writer.js';
import { RowRecording } from '#apps/agent/src/pms/rows/row-recording.js';
import {
  MAX_KEPT_ROW_BYTES,
  packOutcome,
  repeatOutcome,
  unpackOutcome,
} from '#apps/agent/src/writes/kept-outcome.js';
import { KeyTurns } from '#apps/agent/src/writes/key-turns.js';
import type { LocalRecord, LocalWrites } from '#apps/agent/src/writes/local-writes.js';
import type { OutcomeBox } from '#apps/agent/src/writes/outcome-box.js';
import { identify, keyHashOf, type WriteIdentity } from '#apps/agent/src/writes/write-identity.js';

/** What the agent keeps of writes on its own machine. */
export interface WriteKeeping {
  box: OutcomeBox;
  local: LocalWrites;
}

/** Who asks for the write, and how. */
export type WriteOrder = Pick<
  RunQueryMeta,
  'siteId' | 'integratorId' | 'idempotencyKey' | 'keyMinted' | 'resultSets'
>;

/** Runs one command; a PmsDriver as seen by whoever runs queries. */
export type CommandRunner = Pick<PmsDriver, 'run'>;

/** Failures that the driver reports only when it has sent nothing. */
const NOTHING_SENT: readonly ErrorCode[] = [
  'REQUEST_INVALID',
  'CATALOGUE_UNKNOWN',
  'DATABASE_UNAVAILABLE',
  'DATABASE_LOGIN_REFUSED',
  'GRANT_CEILING',
];

export class SiteWrites {
  readonly turns = new KeyTurns();

  constructor(
    private readonly settings: SiteSettings,
    private readonly driver: PmsDriver,
    readonly keeping: WriteKeeping,
  ) {}

  /** A request has come. @returns to be called when it is over, whatever became of it */
  expect({ siteId, integratorId, idempotencyKey: key }: WriteOrder): () => void {
    if (key === undefined) return () => undefined;
    return this.turns.expect(keyHashOf({ siteId, integratorId, key }));
  }

  /** Reads go to the database as they are. */
  runnerFor(order: WriteOrder, { grant, tier }: { grant: Grant; tier: Tier }): CommandRunner {
    if (tier === 'read') return this.driver;
    return {
      run: (command, sink, signal) => this.runOnce(order, grant, { command, sink, signal }),
    };
  }

  private async runOnce(order: WriteOrder, grant: Grant, run: Run): Promise<PmsOutcome> {
    const { siteId, integratorId, idempotencyKey, keyMinted, resultSets } = order;
    const isOwnKey = idempotencyKey !== undefined && keyMinted !== true;
    if (grant.writes?.callerKey === 'required' && !isOwnKey)
      throw new ConduitError('IDEMPOTENCY_KEY_REQUIRED');
    // Without a key nobody can send it again, or ask.
    const name = { siteId, integratorId, key: idempotencyKey ?? randomUUID() };
    const { command } = run;
    const identity = identify(name, { command, catalogue: command.catalogue, resultSets });
    const isOver = this.turns.expect(identity.keyHash);
    try {
      const leave = await this.turns.take(identity.keyHash, this.settings.limits.lockTimeoutMs);
      return await this.inTurn(identity, grant, run).finally(leave);
    } finally {
      isOver();
    }
  }

  private async inTurn(identity: WriteIdentity, grant: Grant, run: Run): Promise<PmsOutcome> {
    // Also where there is a journal by now: it may have been set up since.
    const earlier = await this.keeping.local.find(identity.keyHash);
    if (earlier !== undefined) return this.repeatLocal(identity, earlier, run.sink);
    if (this.settings.journal !== undefined) return this.journalled(identity, run);
    if (grant.writes?.journal === 'none') return this.remembered(identity, run);
    throw new ConduitError('WRITE_JOURNAL_MISSING');
  }

  private async journalled(identity: WriteIdentity, run: Run): Promise<PmsOutcome> {
    const { command, sink, signal } = run;
    sink.recording = new RowRecording(MAX_KEPT_ROW_BYTES);
    const seal = (outcome: PmsOutcome): Buffer => this.pack(identity, outcome, sink);
    const ended = await this.driver.runOnce(command, sink, signal, { ...identity, seal });
    return 'state' in ended ? this.repeatJournalled(identity, ended, sink) : ended;
  }

  /** Without a transaction around both: what the statement did to its own end stays. */
  private async remembered(identity: WriteIdentity, run: Run): Promise<PmsOutcome> {
    const { command, sink, signal } = run;
    const { local } = this.keeping;
    signal.throwIfAborted();
    const startedAtMs = Date.now();
    await local.start(identity);
    sink.recording = new RowRecording(MAX_KEPT_ROW_BYTES);
    let outcome: PmsOutcome;
    try {
      outcome = await this.driver.run(command, sink, signal);
    } catch (error) {
      if (NOTHING_SENT.includes(toConduitError(error).code)) await local.forget(identity.keyHash);
      throw error;
    }
    // It ran, noted or not: without the note it counts as unknown.
    await local
      .end(identity, startedAtMs, this.pack(identity, outcome, sink))
      .catch(() => undefined);
    return outcome;
  }

  private repeatJournalled(
    identity: WriteIdentity,
    { state, requestHash, outcome }: JournalRow,
    sink: ResultWriter,
  ): PmsOutcome {
    if (!requestHash.equals(identity.requestHash)) throw new ConduitError('IDEMPOTENCY_KEY_REUSED');
    if (state === 'received') throw new ConduitError('WRITE_IN_PROGRESS');
    if (state === 'running') throw new ConduitError('WRITE_OUTCOME_UNKNOWN');
    const isLost = state === 'applied' ? 'WRITE_RESULT_NOT_KEPT' : 'WRITE_OUTCOME_UNKNOWN';
    return this.repeat(identity, outcome, sink, isLost);
  }

  private repeatLocal(
    identity: WriteIdentity,
    { requestHash, outcome }: LocalRecord,
    sink: ResultWriter,
  ): PmsOutcome {
    if (!requestHash.equals(identity.requestHash)) throw new ConduitError('IDEMPOTENCY_KEY_REUSED');
    if (outcome === undefined) throw new ConduitError('WRITE_OUTCOME_UNKNOWN');
    return this.repeat(identity, outcome, sink, 'WRITE_RESULT_NOT_KEPT');
  }

  private repeat(
    identity: WriteIdentity,
    sealed: Buffer | undefined,
    sink: ResultWriter,
    isLost: ErrorCode,
  ): PmsOutcome {
    sink.recording = undefined;
    const packed = sealed && this.keeping.box.open(identity, sealed);
    const outcome = packed && repeatOutcome(unpackOutcome(packed), sink);
    if (outcome === undefined) throw new ConduitError(isLost);
    return outcome;
  }

  private pack(identity: WriteIdentity, outcome: PmsOutcome, sink: ResultWriter): Buffer {
    return this.keeping.box.seal(identity, packOutcome(outcome, sink));
  }
}

interface Run {
  command: PmsCommand;
  sink: ResultWriter;
  signal: AbortSignal;
}
