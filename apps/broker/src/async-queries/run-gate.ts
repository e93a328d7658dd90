import { Injectable } from '@nestjs/common';
import type { QueryRecord } from '#apps/broker/src/async-queries/query-record.js';
import type { InLine } from '#apps/broker/src/async-queries/site-lines.js';
import { GrantBook } from '#apps/broker/src/grants/grant-book.port.js';
import { LivePauses } from '#apps/broker/src/grants/live-pauses.js';
import { grantRefusals } from '#apps/broker/src/queries/query-admission.js';
import type { ErrorCode } from '#libs/errors/catalogue.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { Grant } from '#libs/grants/grant.js';
import { Clock } from '#libs/kernel/clock.js';

/** The broker's quick look before a run: much may have changed while the query waited. */
@Injectable()
export class RunGate {
  constructor(
    private readonly grants: GrantBook,
    private readonly pauses: LivePauses,
    private readonly clock: Clock,
  ) {}

  /** Of what came with a key that was frozen meanwhile. */
  isKeyFrozen({ keyId }: Pick<QueryRecord, 'keyId'>): boolean {
    return this.pauses.isKeyFrozen(keyId);
  }

  hasTime({ deadlineMs }: QueryRecord): boolean {
    return this.clock.now() < deadlineMs;
  }

  /** The grant in force, why there is nothing to ask the agent, or why not yet. */
  open({
    siteId,
    integratorId,
  }: InLine): { grant: Grant } | { code: ErrorCode } | { waits: ConduitError } {
    const found = this.grants.find(siteId, integratorId);
    if (found.state === 'frozen') return { waits: new ConduitError('ACCESS_FROZEN') };
    if (found.state === 'paused') return { waits: new ConduitError('GRANT_PAUSED') };
    return found.state === 'active' ? { grant: found.grant } : { code: grantRefusals[found.state] };
  }
}
