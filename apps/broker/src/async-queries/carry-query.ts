/**
 * One run: the sealed request to the agent, its sealed pages into the store as fast as there is
 * room. Without room nothing more is read from the link, so the rest waits at the practice.
 */
import { Injectable } from '@nestjs/common';
import { ownerOf } from '#apps/broker/src/async-queries/end-query.js';
import { EMPTY_BYTES, OUTCOME_PAGE } from '#apps/broker/src/async-queries/open-result.js';
import { PageCount } from '#apps/broker/src/async-queries/page-count.js';
import type { QueryRecord } from '#apps/broker/src/async-queries/query-record.js';
import { QueryRecords } from '#apps/broker/src/async-queries/query-records.js';
import { SlowPages } from '#apps/broker/src/async-queries/slow-pages.js';
import { RequestRoom } from '#apps/broker/src/async-queries/request-room.js';
import { RunWatch } from '#apps/broker/src/async-queries/run-watch.js';
import { SiteLinks } from '#apps/broker/src/gateway/site-links.port.js';
import { ResultStore } from '#apps/broker/src/results/result-store.port.js';
import {
  agentPatterns,
  type RunQueryEnd,
  type RunQueryHead,
  type RunQueryMeta,
} from '#libs/contracts/link-messages.js';
import { decodePages, type SealedPage } from '#libs/contracts/result-page.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { Grant } from '#libs/grants/grant.js';
import { Clock } from '#libs/kernel/clock.js';
import type { LinkClient } from '#libs/link/link-client.js';
import type { LinkReplyReader } from '#libs/link/link-reply-reader.js';

export const runLimits = {
  executionMs: 300_000,
  /** At the agent, for a place; after it the query waits at the broker, where others may pass it. */
  placeMs: 20_000,
  /** Beyond waiting and running: for the agent's own watchdog to answer first. */
  graceMs: 30_000,
} as const;

/** How long it takes until a full store is asked again. */
const FULL_WAIT_MS = 500;
/** When nobody fetched or deleted anything for so long, the result is given up. */
const FULL_PATIENCE_MS = 3_600_000;
const ENVELOPE = /^[A-Za-z0-9_-]{64,256}$/;

export interface RunOrder {
  record: QueryRecord;
  /** Sealed; absent when it is large, to be read when there is room for it. */
  request?: Buffer;
  /** Under which the agent is asked: the one in force now. */
  grant: Grant;
  runId: string;
  signal: AbortSignal;
}

export interface RunResult {
  end: RunQueryEnd;
  count: PageCount;
}

@Injectable()
export class CarryQuery {
  constructor(
    private readonly links: SiteLinks,
    private readonly records: QueryRecords,
    private readonly results: ResultStore,
    private readonly room: RequestRoom,
    private readonly clock: Clock,
  ) {}

  /**
   * @throws ConduitError what the agent or the link answered instead of a result; QUEUE_UNAVAILABLE
   * when the store went away; what the signal says
   */
  async execute(order: RunOrder): Promise<RunResult> {
    const { record } = order;
    const link = this.links.find(record.siteId);
    if (!link) throw new ConduitError('SITE_OFFLINE');
    const leave = await this.room.take(record.requestBytes);
    const watch = new RunWatch(order.signal);
    try {
      const reader = await this.ask(order, link, watch).finally(leave);
      return await this.receive(order, reader, watch);
    } finally {
      watch.stop();
    }
  }

  private async ask(order: RunOrder, link: LinkClient, watch: RunWatch): Promise<LinkReplyReader> {
    const request = order.request ?? (await this.records.request(order.record.id));
    if (!request) throw new ConduitError('QUERY_GONE');
    const meta = this.metaOf(order);
    watch.expect(meta.maxWaitMs + meta.executionLimitMs + runLimits.graceMs);
    return link.request(agentPatterns.runQuery, meta, request, { signal: watch.signal });
  }

  private async receive(
    order: RunOrder,
    reader: LinkReplyReader,
    watch: RunWatch,
  ): Promise<RunResult> {
    const count = new PageCount();
    const owner = ownerOf(order.record, order.runId);
    const slow = new SlowPages((pages) => this.results.noteComing(owner, pages));
    try {
      await this.noteHead(order, reader.head as RunQueryHead | undefined);
      for await (const page of decodePages(reader.body, (coming) => slow.begin(coming))) {
        count.add(page.header);
        watch.rest();
        await this.put(order, page, watch.signal);
        slow.end();
        watch.expect(runLimits.executionMs + runLimits.graceMs);
      }
      const end = (await reader.end) as RunQueryEnd;
      count.close();
      return { end, count };
    } catch (error) {
      const reason = error instanceof ConduitError ? error : new ConduitError('INTERNAL');
      reader.cancel(reason);
      throw error;
    } finally {
      slow.end();
    }
  }

  private async noteHead(order: RunOrder, head: RunQueryHead | undefined): Promise<void> {
    const keyEnvelope = head?.keyEnvelope;
    // Without one nobody could ever open a page.
    if (typeof keyEnvelope !== 'string' || !ENVELOPE.test(keyEnvelope))
      throw new ConduitError('LINK_PROTOCOL');
    const { record, runId } = order;
    const move = { from: ['executing'], to: 'uploading', runId, set: { keyEnvelope } } as const;
    if ((await this.records.move(record.id, move)) !== 'moved')
      throw new ConduitError('QUERY_CANCELLED');
  }

  private async put(order: RunOrder, page: SealedPage, signal: AbortSignal): Promise<void> {
    if (page.header.page === OUTCOME_PAGE && page.header.plainBytes <= EMPTY_BYTES) return;
    const owner = ownerOf(order.record, order.runId);
    const giveUpMs = this.clock.now() + FULL_PATIENCE_MS;
    while ((await this.results.putPage(owner, page)) === 'full') {
      if (this.clock.now() > giveUpMs) throw new ConduitError('TRANSIENT_STORE_FULL');
      if (await this.results.makeRoom(owner)) continue;
      await pause(FULL_WAIT_MS, signal);
    }
  }

  private metaOf({ record, grant, runId }: RunOrder): RunQueryMeta {
    const leftMs = Math.max(0, record.deadlineMs - this.clock.now());
    return {
      queryId: record.id,
      requestId: record.requestId === '' ? runId : record.requestId,
      siteId: record.siteId,
      integratorId: record.integratorId,
      keyId: record.keyId,
      grantId: grant.grantId,
      grantSeq: grant.seq,
      lane: 'async',
      form: 'pages',
      columns: record.columns,
      resultSets: record.resultSets,
      maxWaitMs: Math.min(leftMs, runLimits.placeMs),
      executionLimitMs: Math.min(runLimits.executionMs, grant.limits.ms ?? Infinity),
      sealedTo: record.sealedTo,
      resultKey: record.resultKey,
      pageEncoding: 'br',
      idempotencyKey: record.idempotencyKey,
      ...(record.idempotencyKey === record.id && { keyMinted: true }),
    };
  }
}

/** @throws what the signal says */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms).unref();
    signal.addEventListener('abort', done, { once: true });
  });
  signal.throwIfAborted();
}
