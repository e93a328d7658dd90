/**
 * A query's life at the practice: permission, the grant's minute, a place, the statement, the rows,
 * the journal. Whatever happens, the place comes back and exactly one record is written.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { RunQueryEnd, RunQueryHead } from '#libs/contracts/link-messages.js';
import type { ErrorCode } from '#libs/errors/catalogue.js';
import { ConduitError, toConduitError } from '#libs/errors/conduit-error.js';
import { StreamedReply } from '#libs/link/link-reply.js';
import { ResultSealer } from '#libs/sealing/seal-result.js';
import { GrantGate, type GrantDecision } from '#apps/agent/src/grants/grant-gate.port.js';
import { Journal } from '#apps/agent/src/journal/journal.port.js';
import { compressBody } from '#apps/agent/src/execution/compress-body.js';
import { MinuteLimit } from '#apps/agent/src/execution/minute-limit.js';
import { catalogueOf, PmsSites, type PmsSite } from '#apps/agent/src/execution/pms-sites.js';
import { limitsOf, type QueryLimits } from '#apps/agent/src/execution/query-limits.js';
import {
  exactCountsOf,
  executionNote,
  refusalNote,
  subjectOf,
  type QuerySubject,
} from '#apps/agent/src/execution/query-notes.js';
import type { QueryRequest } from '#apps/agent/src/execution/query-request.js';
import { RunningQuery } from '#apps/agent/src/execution/running-query.js';
import { SealedUpload } from '#apps/agent/src/execution/sealed-upload.js';
import { StatementFingerprint } from '#apps/agent/src/execution/statement-fingerprint.js';

/** What a withdrawn grant ends: a statement, or the sending of what it gave. */
interface Stoppable {
  stop(code: ErrorCode): void;
}

type Permission = Extract<GrantDecision, { allowed: true }>;

interface Counted {
  site: PmsSite;
  catalogue: string;
  /** Of a result in pages. */
  sealer: ResultSealer | undefined;
  /** The constant part of the query's record. */
  about: QuerySubject;
}

interface Admitted extends Counted {
  permission: Permission;
  limits: QueryLimits;
  waitedMs: number;
  leave: () => void;
  /** How many withdrawals there had been at the decision. */
  decidedAt: number;
}

/** How long an immediate statement at the site may keep an async one from its next page. */
const YIELD_MS = 100;

/** Of the time of an async statement, what such waits may take of it altogether. */
const PACE_SHARE = 1 / 3;

/** How long a shutdown lets statements finish before it stops them. */
const SHUTDOWN_PATIENCE_MS = 15_000;

@Injectable()
export class RunQuery implements BeforeApplicationShutdown {
  private readonly running = new Map<string, Set<RunningQuery>>();
  private readonly uploads = new Map<string, Set<SealedUpload>>();
  /** Counts withdrawals, to notice one between the decision and the start. */
  private withdrawals = 0;

  constructor(
    private readonly sites: PmsSites,
    private readonly gate: GrantGate,
    private readonly minutes: MinuteLimit,
    private readonly journal: Journal,
    private readonly fingerprints: StatementFingerprint,
  ) {
    gate.onWithdrawn((grantId, code) => {
      this.withdrawals += 1;
      const held: Stoppable[] = [
        ...(this.running.get(grantId) ?? []),
        ...(this.uploads.get(grantId) ?? []),
      ];
      for (const each of held) each.stop(code);
    });
  }

  /** Statements under way, all sites together. */
  get runningCount(): number {
    return this.sites.all().reduce((sum, { room }) => sum + room.runningCount, 0);
  }

  /**
   * @param signal aborts when nobody waits for the answer any more
   * @throws ConduitError when nothing was run
   */
  async execute(request: QueryRequest, signal: AbortSignal): Promise<StreamedReply | RunQueryEnd> {
    let about = subjectOf(request.meta, request.query);
    const writeIsOver = this.sites.find(request.meta.siteId)?.writes.expect(request.meta);
    try {
      const counted = this.count(request, about);
      ({ about } = counted);
      const admitted = await this.admit(request, counted, signal);
      this.confirm(request, admitted);
      return await this.answer(request, admitted, signal);
    } catch (thrown) {
      const error = toConduitError(thrown);
      this.journal.note(refusalNote(about, error));
      throw error;
    } finally {
      writeIsOver?.();
    }
  }

  /** Lets what runs finish, then stops the rest; resolves when the databases are idle. */
  async beforeApplicationShutdown(): Promise<void> {
    const all = [...this.running.values()].flatMap((queries) => [...queries]);
    const patience = setTimeout(
      () => all.forEach((query) => query.stop('LINK_CLOSED')),
      SHUTDOWN_PATIENCE_MS,
    );
    await Promise.all(all.map(({ gone }) => gone));
    clearTimeout(patience);
  }

  /** Before any look at the statement, which costs most when it is refused. */
  private count({ meta, query }: QueryRequest, about: QuerySubject): Counted {
    const site = this.sites.find(meta.siteId);
    if (site === undefined) throw new ConduitError('SITE_NOT_FOUND');
    const catalogue = catalogueOf(site.settings, query.catalogue);
    if (catalogue === undefined) throw new ConduitError('CATALOGUE_UNKNOWN');
    this.minutes.count(meta.grantId, this.gate.minuteLimitOf(meta.grantId));
    const fingerprint = this.fingerprints.of(query.command.text);
    // Before anything is run: a key that is none could never open what would be sealed to it.
    const { resultKey } = meta;
    const sealer = resultKey === undefined ? undefined : new ResultSealer(resultKey, meta);
    return { site, catalogue, sealer, about: { ...about, fingerprint } };
  }

  private async admit(
    request: QueryRequest,
    counted: Counted,
    signal: AbortSignal,
  ): Promise<Admitted> {
    const { meta } = request;
    const { site, catalogue } = counted;
    const first = this.permit(request, catalogue);
    const askedAt = performance.now();
    const place = site.room.enter({
      lane: meta.lane,
      integratorId: meta.integratorId,
      grantId: meta.grantId,
      grantConcurrency: first.grant.limits.concurrency ?? Infinity,
      maxWaitMs: meta.maxWaitMs,
      signal,
    });
    const leave = typeof place === 'function' ? place : await place;
    try {
      // What was permitted before a wait may have been withdrawn during it.
      const permission = typeof place === 'function' ? first : this.permit(request, catalogue);
      const limits = limitsOf(meta, permission.grant, site.settings.limits);
      const waitedMs = performance.now() - askedAt;
      const decidedAt = this.withdrawals;
      return { ...counted, permission, limits, waitedMs, leave, decidedAt };
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** Asks again when any permission was withdrawn since the decision. */
  private confirm(request: QueryRequest, admitted: Admitted): void {
    if (admitted.decidedAt === this.withdrawals) return;
    try {
      this.permit(request, admitted.catalogue);
    } catch (error) {
      admitted.leave();
      throw error;
    }
  }

  private permit({ meta, query }: QueryRequest, catalogue: string): Permission {
    const { command } = query;
    const decision = this.gate.decide({
      siteId: meta.siteId,
      integratorId: meta.integratorId,
      grantId: meta.grantId,
      grantSeq: meta.grantSeq,
      catalogue,
      commandType: command.type ?? 'text',
      executionMode: command.executionMode ?? 'reader',
      text: command.text,
    });
    if (decision.allowed) return decision;
    const { code, reason, retryAfterMs } = decision;
    throw new ConduitError(code, {
      facts: {
        ...(reason !== undefined && { reason }),
        ...(retryAfterMs !== undefined && { retryAfterMs }),
      },
    });
  }

  private async answer(
    request: QueryRequest,
    admitted: Admitted,
    signal: AbortSignal,
  ): Promise<StreamedReply | RunQueryEnd> {
    const { meta } = request;
    const running = this.start(request, admitted, signal);
    const upload = this.upload(request, admitted, running, signal);
    // A refusal is written by the caller of this; everything else is written here, once.
    const end = (upload ?? running).end.then((result) => {
      const note = executionNote(admitted.about, admitted.permission, result);
      this.journal.note(note, exactCountsOf(result));
      return result;
    });
    end.catch(() => {});
    await running.sink.started;
    // Nothing yet: it may still turn out that nothing was run.
    if (upload !== undefined && !running.sink.hasBegun) await end;
    if (upload !== undefined) return upload.reply;
    if (!running.sink.hasBegun) return end;
    const { encoding, body } =
      meta.accept === 'br'
        ? await compressBody(running.sink.chunks)
        : { encoding: 'identity' as const, body: running.sink.chunks };
    const [columns] = running.sink.columnsOfSets;
    const head: RunQueryHead = {
      encoding,
      ...(running.sink.isRepeated && { replayed: true as const }),
      ...(running.sink.consent && { consent: running.sink.consent }),
      ...(meta.resultSets === 'first' && columns !== undefined ? { columns } : {}),
    };
    return new StreamedReply({ head, body, end: () => end });
  }

  private upload(
    { meta }: QueryRequest,
    { site, sealer, limits }: Admitted,
    running: RunningQuery,
    signal: AbortSignal,
  ): SealedUpload | undefined {
    if (sealer === undefined) return undefined;
    const upload = new SealedUpload({
      running,
      sealer,
      spool: site.spool.open(),
      pageEncoding: meta.pageEncoding,
      columns: meta.columns,
      pace: () => (site.room.slowMs > 0 ? delay(site.room.slowMs) : site.room.quiet(YIELD_MS)),
      mostPaceMs: limits.times.totalMs * PACE_SHARE,
      signal,
    });
    keep(this.uploads, meta.grantId, upload, upload.done);
    return upload;
  }

  private start(request: QueryRequest, admitted: Admitted, signal: AbortSignal): RunningQuery {
    const { meta, query } = request;
    const { command } = query;
    const executionMode = command.executionMode ?? 'reader';
    const { form, resultSets, columns, grantId } = meta;
    const { maxRows, maxBytes, bytesFault, times } = admitted.limits;
    const running = new RunningQuery({
      driver: this.sites.runnerFor(admitted.site, meta, admitted.permission),
      command: {
        catalogue: admitted.catalogue,
        tier: admitted.permission.tier,
        type: command.type ?? 'text',
        executionMode,
        text: command.text,
        parameters: command.parameters ?? [],
      },
      shape: { form, resultSets, columns, executionMode, maxRows, maxBytes, bytesFault },
      times,
      waitedMs: admitted.waitedMs,
      signal,
    });
    keep(this.running, grantId, running, running.gone);
    void running.gone.then(admitted.leave);
    return running;
  }
}

/** Has it found by its grant until it is over. */
function keep<T>(all: Map<string, Set<T>>, grantId: string, one: T, over: Promise<void>): void {
  const underGrant = all.get(grantId) ?? new Set();
  all.set(grantId, underGrant.add(one));
  void over.then(() => {
    underGrant.delete(one);
    if (underGrant.size === 0) all.delete(grantId);
  });
}
