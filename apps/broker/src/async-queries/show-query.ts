/** The status of an async query with all that can be said of it to this caller. */
import { Injectable } from '@nestjs/common';
import { asyncView, type Surroundings } from '#apps/broker/src/async-queries/async-view.js';
import { DispatchQuery } from '#apps/broker/src/async-queries/dispatch-query.js';
import { ownerOf } from '#apps/broker/src/async-queries/end-query.js';
import {
  openerFor,
  openOutcome,
  OUTCOME_PAGE,
  type ResultOutcome,
} from '#apps/broker/src/async-queries/open-result.js';
import {
  isRunning,
  isWaiting,
  type QueryRecord,
  type WaitReason,
} from '#apps/broker/src/async-queries/query-record.js';
import { SiteLines } from '#apps/broker/src/async-queries/site-lines.js';
import { SiteLinks } from '#apps/broker/src/gateway/site-links.port.js';
import { ResultStore } from '#apps/broker/src/results/result-store.port.js';
import type { PageHeader } from '#libs/contracts/result-page.js';
import { Clock } from '#libs/kernel/clock.js';
import type { Secret } from '#libs/kernel/secret.js';

/** So long a submitted query may take to its line before it is put there again. */
const ON_ITS_WAY_MS = 5_000;

@Injectable()
export class ShowQuery {
  constructor(
    private readonly lines: SiteLines,
    private readonly links: SiteLinks,
    private readonly results: ResultStore,
    private readonly dispatch: DispatchQuery,
    private readonly clock: Clock,
  ) {}

  /** @param secret of the presented API key; another one than the submitter's opens nothing */
  async execute(record: QueryRecord, secret: Secret<Buffer>): Promise<Record<string, unknown>> {
    if (isWaiting(record)) {
      return asyncView(record, { queue: await this.queueOf(record), pages: [] });
    }
    if (record.runId === undefined) return asyncView(record, { pages: [] });
    if (isRunning(record)) await this.findPlace(record);
    const { kept, coming } = await this.results.pages(ownerOf(record));
    const pages = kept.filter(({ page }) => page !== OUTCOME_PAGE);
    const outcome = await this.outcomeOf(record, kept, secret);
    return asyncView(record, { pages, coming, ...(outcome && { outcome }) });
  }

  private async queueOf(record: QueryRecord): Promise<NonNullable<Surroundings['queue']>> {
    const place = await this.findPlace(record);
    const reason = this.reasonOf(record);
    return typeof place === 'number' ? { position: place, reason } : { reason };
  }

  private async findPlace(record: QueryRecord): Promise<number | 'claimed' | undefined> {
    const place = await this.lines.place(record);
    if (place === undefined && this.clock.now() - record.updatedAtMs > ON_ITS_WAY_MS) {
      // Whatever lost it from its line: here somebody waits for it.
      await this.dispatch.join(record);
    }
    return place;
  }

  private reasonOf({ siteId, reason }: QueryRecord): WaitReason {
    const availability = this.links.availability(siteId);
    if (availability === 'offline') return 'siteOffline';
    if (availability === 'unreachable') return 'siteUnreachable';
    return reason ?? 'waitingTurn';
  }

  private async outcomeOf(
    record: QueryRecord,
    headers: PageHeader[],
    secret: Secret<Buffer>,
  ): Promise<ResultOutcome | undefined> {
    const says = headers.some((one) => one.page === OUTCOME_PAGE);
    if (!says) return undefined;
    try {
      const opener = openerFor(record, secret);
      const page = await this.results.readPage(ownerOf(record), OUTCOME_PAGE);
      return opener && page && (await openOutcome(opener, page));
    } catch {
      // Another key of the integrator: it learns all but what only the submitter may read.
      return undefined;
    }
  }
}
