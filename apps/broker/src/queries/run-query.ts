/**
 * One immediate query on its way: opens the stream to the site's agent, follows it, and at its end
 * writes the audit record, the ledger and the metrics, each exactly once.
 */
import { Injectable } from '@nestjs/common';
import type { CallerIdentity } from '#apps/broker/src/access/caller.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { ReachSite } from '#apps/broker/src/nodes/reach-site.js';
import type { AnswerOptions } from '#apps/broker/src/queries/answer-options.js';
import { QueryLedger, type QueryEntry } from '#apps/broker/src/queries/query-ledger.js';
import { QueryRecorder } from '#apps/broker/src/queries/query-recorder.js';
import type { WriteKey } from '#apps/broker/src/writes/write-key.js';
import type { ImmediateQueryDto } from '#libs/contracts/command.js';
import {
  agentPatterns,
  type RunQueryEnd,
  type RunQueryMeta,
} from '#libs/contracts/link-messages.js';
import { isErrorCode } from '#libs/errors/catalogue.js';
import { ConduitError, toConduitError } from '#libs/errors/conduit-error.js';
import type { Grant } from '#libs/grants/grant.js';
import type { LinkReplyReader } from '#libs/link/link-reply-reader.js';
import { Clock } from '#libs/kernel/clock.js';

export const queryLimits = {
  defaultWaitMs: 30_000,
  executionMs: 60_000,
  resultBytes: 8 * 1024 * 1024,
  /** A stream that flows may flow for long; the agent's site and the grant say how long. */
  streamMs: 600_000,
  /** Beyond waiting and running: for the agent's own watchdog to answer first. */
  graceMs: 5_000,
} as const;

export interface QueryOrder {
  caller: CallerIdentity;
  siteId: string;
  requestId: string;
  queryId: string;
  grant: Grant;
  query: ImmediateQueryDto;
  /** The caller's bytes, passed on untouched. */
  body: Buffer;
  options: AnswerOptions;
  /** Of what may be a write. */
  writeKey?: WriteKey;
}

/** A query that the agent has begun to answer. */
export interface RunningQuery {
  entry: QueryEntry;
  reader: LinkReplyReader;
  /** Bytes of row text the caller may get; absent for a stream. */
  maxResultBytes: number | undefined;
  /** To be called once, when the answer is complete or has failed. */
  finish(outcome: RunQueryEnd | ConduitError): void;
}

@Injectable()
export class RunQuery {
  constructor(
    private readonly sites: ReachSite,
    private readonly ledger: QueryLedger,
    private readonly recorder: QueryRecorder,
    private readonly clock: Clock,
    private readonly config: BrokerConfig,
  ) {}

  /**
   * @param signal the caller's presence
   * @throws ConduitError what the agent or the link answered instead of a result
   */
  async start(order: QueryOrder, signal: AbortSignal): Promise<RunningQuery> {
    const entry = this.enter(order);
    const maxResultBytes = resultLimit(order);
    const finish = (outcome: RunQueryEnd | ConduitError) => this.finish(order, entry, outcome);
    try {
      const meta = metaOf(order, entry, maxResultBytes);
      if (this.mayPack(order.options)) meta.accept = 'br';
      const runMs = order.options.streamed ? queryLimits.streamMs : meta.executionLimitMs;
      const deadlineMs = meta.maxWaitMs + runMs + queryLimits.graceMs;
      entry.status = 'executing';
      const request = { pattern: agentPatterns.runQuery, meta, body: order.body };
      const reader = await this.sites.request(request, { signal, deadlineMs });
      entry.uploadingAtMs = entry.updatedAtMs = this.clock.now();
      entry.status = 'uploading';
      return { entry, reader, maxResultBytes, finish };
    } catch (thrown) {
      const error = this.forCaller(toConduitError(thrown), order.siteId, entry.id);
      finish(error);
      throw error;
    }
  }

  /** A link's own troubles, in the words of someone who asked about a site. */
  forCaller(error: ConduitError, siteId: string, queryId: string): ConduitError {
    switch (error.code) {
      case 'LINK_CLOSED':
        return new ConduitError('SITE_LOST', { cause: error, facts: { queryId } });
      case 'LINK_REFUSED':
        return new ConduitError(this.sites.absence(siteId), { cause: error });
      default:
        return error;
    }
  }

  /** Packed on the way to us, whether or not the caller can take it: the clinic's line is the thin one. */
  private mayPack({ streamed, acceptsBrotli }: AnswerOptions): boolean {
    const { linkCompression } = this.config;
    return (
      linkCompression === 'always' || (linkCompression === 'auto' && streamed && acceptsBrotli)
    );
  }

  private enter({ caller, siteId, query, queryId, body }: QueryOrder): QueryEntry {
    const nowMs = this.clock.now();
    const entry: QueryEntry = {
      id: queryId,
      integratorId: caller.integratorId,
      siteId,
      status: 'initialising',
      maxTimeInQueueMs: query.maxTimeInQueue ?? queryLimits.defaultWaitMs,
      commandBytes: Buffer.byteLength(query.command.text),
      requestBytes: body.length,
      createdAtMs: nowMs,
      updatedAtMs: nowMs,
      executingAtMs: nowMs,
    };
    this.ledger.add(entry);
    this.recorder.begin();
    return entry;
  }

  private finish(order: QueryOrder, entry: QueryEntry, outcome: RunQueryEnd | ConduitError): void {
    if (entry.completedAtMs !== undefined) return;
    entry.completedAtMs = entry.updatedAtMs = this.clock.now();
    applyOutcome(entry, outcome);
    this.recorder.end(order, entry, outcome);
  }
}

function resultLimit({ grant, options }: QueryOrder): number | undefined {
  if (options.streamed) return undefined;
  return Math.min(queryLimits.resultBytes, grant.limits.bytes ?? Infinity);
}

function metaOf(order: QueryOrder, entry: QueryEntry, maxResultBytes?: number): RunQueryMeta {
  const { caller, grant, options } = order;
  const meta: RunQueryMeta = {
    queryId: entry.id,
    requestId: order.requestId,
    siteId: order.siteId,
    integratorId: caller.integratorId,
    keyId: caller.keyId,
    grantId: grant.grantId,
    grantSeq: grant.seq,
    lane: 'immediate',
    form: options.streamed ? 'ndjson' : 'objects',
    columns: options.columns,
    resultSets: options.resultSets,
    maxWaitMs: entry.maxTimeInQueueMs,
    executionLimitMs: Math.min(queryLimits.executionMs, grant.limits.ms ?? Infinity),
  };
  if (order.writeKey !== undefined) {
    meta.idempotencyKey = order.writeKey.key;
    if (order.writeKey.minted) meta.keyMinted = true;
  }
  if (maxResultBytes !== undefined) meta.maxResultBytes = maxResultBytes;
  return meta;
}

/** A number from the other side, or 0: nothing else may reach a caller's integers. */
const count = (value: unknown): number => (Number.isSafeInteger(value) ? (value as number) : 0);

function applyOutcome(entry: QueryEntry, outcome: RunQueryEnd | ConduitError): void {
  if (outcome instanceof ConduitError) {
    entry.status = 'executionFailed';
    entry.errorCode = outcome.code;
    return;
  }
  entry.sqlExecutionMs = Math.max(0, count(Math.round(outcome.sqlExecutionMs)));
  entry.executingAtMs = entry.createdAtMs + Math.max(0, count(Math.round(outcome.waitedMs)));
  if (outcome.status === 'successful') {
    entry.status = 'successful';
    entry.resultBytes = count(outcome.size);
    if (outcome.rowsAffected === undefined) entry.rows = count(outcome.rows);
    else entry.rowsAffected = count(outcome.rowsAffected);
  } else {
    entry.status = 'executionFailed';
    const code = outcome.error?.code;
    entry.errorCode = isErrorCode(code) ? code : 'LINK_PROTOCOL';
  }
}
