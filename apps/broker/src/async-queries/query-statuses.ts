/** What became of queries of every kind: immediate ones from the ledger, async ones from the store. */
import { Injectable } from '@nestjs/common';
import type { CallerIdentity } from '#apps/broker/src/access/caller.js';
import { FindQuery } from '#apps/broker/src/async-queries/find-query.js';
import { ShowQuery } from '#apps/broker/src/async-queries/show-query.js';
import { QueryLedger } from '#apps/broker/src/queries/query-ledger.js';
import { statusView } from '#apps/broker/src/queries/query-view.js';
import { SiteBook } from '#apps/broker/src/sites/site-book.js';
import { toConduitError } from '#libs/errors/conduit-error.js';
import type { Secret } from '#libs/kernel/secret.js';

type View = Record<string, unknown>;

/** Of a batch so many are asked for at once. */
const AT_ONCE = 25;

@Injectable()
export class QueryStatuses {
  constructor(
    private readonly ledger: QueryLedger,
    private readonly find: FindQuery,
    private readonly show: ShowQuery,
    private readonly sites: SiteBook,
  ) {}

  /** @throws ConduitError SITE_NOT_FOUND, ACCESS_FROZEN, QUERY_NOT_FOUND, QUERY_GONE and what FindQuery throws */
  async one(
    caller: CallerIdentity,
    secret: Secret<Buffer>,
    siteId: string,
    queryId: string,
  ): Promise<View> {
    this.sites.requireUnfrozen(caller, siteId);
    const entry = this.ledger.find(caller.integratorId, siteId, queryId);
    if (entry) return statusView(entry);
    return this.show.execute(await this.find.execute(caller, siteId, queryId), secret);
  }

  /** In the order in which they were asked for; one that is gone or not known is `notFound`. */
  async many(
    caller: CallerIdentity,
    secret: Secret<Buffer>,
    siteId: string,
    queryIds: readonly string[],
  ): Promise<View[]> {
    this.sites.requireUnfrozen(caller, siteId);
    const results: View[] = [];
    for (let at = 0; at < queryIds.length; at += AT_ONCE) {
      const some = queryIds.slice(at, at + AT_ONCE);
      const asked = some.map((id) => this.inBatch(caller, secret, siteId, id));
      results.push(...(await Promise.all(asked)));
    }
    return results;
  }

  private async inBatch(
    caller: CallerIdentity,
    secret: Secret<Buffer>,
    siteId: string,
    queryId: string,
  ): Promise<View> {
    try {
      const query = await this.one(caller, secret, siteId, queryId);
      return { queryId, status: 'found', query };
    } catch (thrown) {
      const { code } = toConduitError(thrown);
      if (code !== 'QUERY_NOT_FOUND' && code !== 'QUERY_GONE') throw thrown;
      return { queryId, status: 'notFound', code };
    }
  }
}
