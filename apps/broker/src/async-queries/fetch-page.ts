/**
 * A result page on its way to its caller. Only the key that submitted the query opens it, and only
 * here, for as long as the call lasts. What is fetched is kept a while for a second try.
 */
import { Injectable } from '@nestjs/common';
import type { CallerIdentity } from '#apps/broker/src/access/caller.js';
import { ownerOf } from '#apps/broker/src/async-queries/end-query.js';
import { FindQuery } from '#apps/broker/src/async-queries/find-query.js';
import {
  openerFor,
  openOutcome,
  OUTCOME_PAGE,
  type ResultOutcome,
} from '#apps/broker/src/async-queries/open-result.js';
import { isEnded, type QueryRecord } from '#apps/broker/src/async-queries/query-record.js';
import { GrantBook } from '#apps/broker/src/grants/grant-book.port.js';
import { ResultStore } from '#apps/broker/src/results/result-store.port.js';
import type { SealedPage } from '#libs/contracts/result-page.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';
import type { Secret } from '#libs/kernel/secret.js';
import type { ResultOpener } from '#libs/sealing/seal-result.js';

/** After the last fetch, unless the grant says otherwise. */
const MINUTE_MS = 60_000;
const KEPT_MINUTES = 15;

export interface PageOrder {
  caller: CallerIdentity;
  secret: Secret<Buffer>;
  siteId: string;
  queryId: string;
  /** From 1. */
  page: number;
}

export interface FetchedPage extends SealedPage {
  opener: ResultOpener;
}

@Injectable()
export class FetchPage {
  constructor(
    private readonly find: FindQuery,
    private readonly results: ResultStore,
    private readonly grants: GrantBook,
    private readonly clock: Clock,
  ) {}

  /**
   * @returns no page for a statement that returns no rows
   * @throws ConduitError what FindQuery throws, RESULT_KEY_MISMATCH, RESULT_NOT_READY, RESULT_GONE,
   * RESULT_PAGE_NOT_FOUND
   */
  async execute(order: PageOrder): Promise<{ record: QueryRecord; page?: FetchedPage }> {
    const { caller, siteId, queryId, page, secret } = order;
    const record = await this.find.execute(caller, siteId, queryId);
    const opener = openerFor(record, secret);
    if (record.state === 'successful' && record.rowsAffected !== undefined && page === 1) {
      return { record };
    }
    const owner = ownerOf(record);
    const kept = await this.results.readPage(owner, page);
    if (!opener || !kept) throw await this.absence(record, page);
    if (isEnded(record))
      await this.results.keepUntil(owner, this.clock.now() + this.keptMs(record));
    else await this.results.noteFetched(owner, page);
    return { record, page: { ...kept, opener } };
  }

  /** Output parameters and the like, once they are there. */
  async outcome(record: QueryRecord, secret: Secret<Buffer>): Promise<ResultOutcome> {
    const opener = openerFor(record, secret);
    const page = await this.results.readPage(ownerOf(record), OUTCOME_PAGE);
    return opener && page ? openOutcome(opener, page) : {};
  }

  private keptMs({ siteId, integratorId }: QueryRecord): number {
    const found = this.grants.find(siteId, integratorId);
    const minutes = found.state === 'active' ? found.grant.limits.resultMinutes : undefined;
    return (minutes ?? KEPT_MINUTES) * MINUTE_MS;
  }

  private async absence(record: QueryRecord, page: number): Promise<ConduitError> {
    const facts = { queryId: record.id };
    const last = record.pages ?? (await this.results.lastPage(ownerOf(record)));
    if (page <= last) return new ConduitError('RESULT_GONE', { facts });
    const code = isEnded(record) ? 'RESULT_PAGE_NOT_FOUND' : 'RESULT_NOT_READY';
    return new ConduitError(code, { facts });
  }
}
