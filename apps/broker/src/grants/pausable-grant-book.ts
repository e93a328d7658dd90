import { Injectable } from '@nestjs/common';

import { GrantBook, type GrantLookup } from '#apps/broker/src/grants/grant-book.port.js';
import { LiveGrantBook } from '#apps/broker/src/grants/live-grant-book.js';
import { LivePauses } from '#apps/broker/src/grants/live-pauses.js';

/** The grant book, in which a permission that is paused or frozen permits nothing. */
@Injectable()
export class PausableGrantBook extends GrantBook {
  constructor(
    private readonly book: LiveGrantBook,
    private readonly pauses: LivePauses,
  ) {
    super();
  }

  override find(siteId: string, integratorId: string): GrantLookup {
    const found = this.book.find(siteId, integratorId);
    if (found.state !== 'active') return found;
    const { practiceId } = found.grant;
    if (this.pauses.isFrozen({ practiceId, siteId, integratorId })) return { state: 'frozen' };
    return this.pauses.holds(practiceId, integratorId) ? { state: 'paused' } : found;
  }

  override pairedSites(integratorId: string): string[] {
    return this.book.pairedSites(integratorId);
  }
}
