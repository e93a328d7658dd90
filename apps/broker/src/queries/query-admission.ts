/**
 * The broker's quick no: site, grant, rate of the grant, audit trail. All of it from memory. What
 * passes is still decided by the agent, over the practice's own signature.
 */
import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { CallerIdentity } from '#apps/broker/src/access/caller.js';
import { RateLimits } from '#apps/broker/src/access/rate-limits.js';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { GrantBook, type GrantLookup } from '#apps/broker/src/grants/grant-book.port.js';
import { SiteBook } from '#apps/broker/src/sites/site-book.js';
import type { QueryLane } from '#libs/contracts/link-messages.js';
import type { ErrorCode } from '#libs/errors/catalogue.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { Grant } from '#libs/grants/grant.js';

/** What is answered where nothing is permitted. */
export const grantRefusals: Record<Exclude<GrantLookup['state'], 'active'>, ErrorCode> = {
  none: 'SITE_NOT_FOUND',
  pending: 'GRANT_PENDING',
  paused: 'GRANT_PAUSED',
  frozen: 'ACCESS_FROZEN',
  declined: 'GRANT_MISSING',
  revoked: 'GRANT_REVOKED',
  expired: 'GRANT_EXPIRED',
};

@Injectable()
export class QueryAdmission {
  constructor(
    private readonly grants: GrantBook,
    private readonly sites: SiteBook,
    private readonly limits: RateLimits,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * Before a body is read.
   * @throws ConduitError saying why this caller cannot run anything at this site now
   */
  require(
    caller: CallerIdentity,
    siteId: string,
    requestId: string,
    lane: QueryLane = 'immediate',
  ): void {
    const refusal = this.whyNot(caller, siteId);
    if (!refusal) return;
    const site = this.sites.find(siteId);
    this.audit.note({
      type: 'query.refused',
      ...(site && { practice: site.practiceId }),
      site: site ? siteId : 'unknown',
      integrator: caller.integratorId,
      keyId: caller.keyId,
      requestId,
      lane,
      outcome: 'refused',
      errorCode: refusal.code,
    });
    throw refusal;
  }

  /**
   * When all of a query has come: permission still stands, its rate allows one more.
   * @throws ConduitError as `require` does, RATE_LIMITED, AUDIT_UNAVAILABLE
   */
  admit(
    caller: CallerIdentity,
    siteId: string,
    requestId: string,
    reply: FastifyReply,
    lane: QueryLane = 'immediate',
  ): Grant {
    this.require(caller, siteId, requestId, lane);
    const found = this.grants.find(siteId, caller.integratorId);
    if (found.state !== 'active') throw refusalOf(found);
    this.limits.takeGrant(found.grant, reply);
    if (!this.audit.accepts()) throw new ConduitError('AUDIT_UNAVAILABLE');
    return found.grant;
  }

  private whyNot(caller: CallerIdentity, siteId: string): ConduitError | undefined {
    // Before anything is looked up: a restricted key learns nothing about other sites.
    if (caller.key.siteIds && !caller.key.siteIds.has(siteId))
      return new ConduitError('KEY_SITE_FORBIDDEN');
    const found = this.grants.find(siteId, caller.integratorId);
    if (found.state === 'none') return refusalOf(found);
    if (this.sites.find(siteId)?.authoritative === false)
      return new ConduitError('SITE_NOT_AUTHORITATIVE');
    return found.state === 'active' ? undefined : refusalOf(found);
  }
}

/** What was approved and waits for the practice's server is told apart: nobody has to ask the practice. */
function refusalOf(found: Exclude<GrantLookup, { state: 'active' }>): ConduitError {
  const waits = found.state === 'pending' && found.waitsFor === 'server';
  return new ConduitError(
    grantRefusals[found.state],
    waits ? { facts: { reason: 'waits-for-server' } } : {},
  );
}
