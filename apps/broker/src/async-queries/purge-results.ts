import { Injectable } from '@nestjs/common';
import type { CallerIdentity } from '#apps/broker/src/access/caller.js';
import { ownerOf } from '#apps/broker/src/async-queries/end-query.js';
import { FindQuery } from '#apps/broker/src/async-queries/find-query.js';
import { OUTCOME_PAGE } from '#apps/broker/src/async-queries/open-result.js';
import { ResultStore } from '#apps/broker/src/results/result-store.port.js';

export interface PurgeOrder {
  caller: CallerIdentity;
  siteId: string;
  queryId: string;
  /** Absent: all pages. */
  page?: number;
}

/**
 * The caller has what it wants, or wants it no more. While the rest is still coming up, what is there
 * makes room for it.
 */
@Injectable()
export class PurgeResults {
  constructor(
    private readonly find: FindQuery,
    private readonly results: ResultStore,
  ) {}

  /** Again is harmless. @throws ConduitError as FindQuery.toEnd */
  async execute({ caller, siteId, queryId, page }: PurgeOrder): Promise<void> {
    const record = await this.find.toEnd(caller, siteId, queryId);
    if (record.runId === undefined) return;
    const owner = ownerOf(record);
    if (page === undefined) await this.results.purge(owner, 'deleted');
    else if (page !== OUTCOME_PAGE) await this.results.purgePage(owner, page, 'deleted');
  }
}
