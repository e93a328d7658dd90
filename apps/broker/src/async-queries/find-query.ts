import { Injectable } from '@nestjs/common';
import type { CallerIdentity } from '#apps/broker/src/access/caller.js';
import { QueryIds } from '#apps/broker/src/async-queries/query-id.js';
import type { QueryRecord } from '#apps/broker/src/async-queries/query-record.js';
import { QueryRecords } from '#apps/broker/src/async-queries/query-records.js';
import { SiteBook } from '#apps/broker/src/sites/site-book.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

/**
 * An integrator's own query. Its id proves whose it is: one that was never given out, or to somebody
 * else, is not known; one that is not held any more is gone.
 */
@Injectable()
export class FindQuery {
  constructor(
    private readonly ids: QueryIds,
    private readonly records: QueryRecords,
    private readonly sites: SiteBook,
  ) {}

  /** @throws ConduitError ACCESS_FROZEN, and as `toEnd` */
  async execute(caller: CallerIdentity, siteId: string, queryId: string): Promise<QueryRecord> {
    this.sites.requireUnfrozen(caller, siteId);
    return this.toEnd(caller, siteId, queryId);
  }

  /**
   * To stop it or to throw away what it found, which somebody who is frozen may too: it gives nothing out.
   * @throws ConduitError KEY_SITE_FORBIDDEN, SITE_NOT_FOUND, QUERY_NOT_FOUND, QUERY_GONE, QUEUE_UNAVAILABLE
   */
  async toEnd(caller: CallerIdentity, siteId: string, queryId: string): Promise<QueryRecord> {
    this.sites.requirePaired(caller, siteId);
    if (!this.ids.isOurs(queryId, caller.integratorId, siteId))
      throw new ConduitError('QUERY_NOT_FOUND');
    const record = await this.records.read(queryId);
    if (!record) throw new ConduitError('QUERY_GONE', { facts: { queryId } });
    return record;
  }
}
