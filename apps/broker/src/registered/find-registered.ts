/** A caller's registered queries, found for a request: the site must be his, and the query too. */
import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { callerOf } from '#apps/broker/src/access/caller.js';
import { RegisteredBook } from '#apps/broker/src/registered/registered-book.js';
import type { RegisteredRow, RunRow } from '#apps/broker/src/registered/registered-row.js';
import { SiteBook } from '#apps/broker/src/sites/site-book.js';

@Injectable()
export class FindRegistered {
  constructor(
    private readonly sites: SiteBook,
    private readonly book: RegisteredBook,
  ) {}

  /** @throws ConduitError ACCESS_FROZEN, and as `toEnd` */
  async one(request: FastifyRequest, siteId: string, queryId: string): Promise<RegisteredRow> {
    this.sites.requireUnfrozen(callerOf(request), siteId);
    return this.toEnd(request, siteId, queryId);
  }

  /**
   * To stop it, which somebody who is frozen may too: it gives nothing out.
   * @throws ConduitError KEY_SITE_FORBIDDEN, SITE_NOT_FOUND, QUERY_NOT_FOUND
   */
  async toEnd(request: FastifyRequest, siteId: string, queryId: string): Promise<RegisteredRow> {
    const caller = callerOf(request);
    this.sites.requirePaired(caller, siteId);
    return this.book.find(caller, siteId, queryId);
  }

  /** Newest first. @throws ConduitError KEY_SITE_FORBIDDEN, SITE_NOT_FOUND, ACCESS_FROZEN */
  async all(request: FastifyRequest, siteId: string): Promise<RegisteredRow[]> {
    const caller = callerOf(request);
    this.sites.requireUnfrozen(caller, siteId);
    return this.book.list(caller, siteId);
  }

  /** Newest first. @throws as `one` does */
  async runs(request: FastifyRequest, siteId: string, queryId: string): Promise<RunRow[]> {
    const row = await this.one(request, siteId, queryId);
    return this.book.runs(row.registered_id);
  }
}
