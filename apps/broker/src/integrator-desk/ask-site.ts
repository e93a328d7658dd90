import { Injectable } from '@nestjs/common';
import { AskAccess } from '#apps/broker/src/grants/ask-access.js';
import { GrantBook } from '#apps/broker/src/grants/grant-book.port.js';
import type { AskedState } from '#libs/console-api/integrator.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { AskedAccess } from '#libs/grants/grant-messages.js';

export interface SiteAsk {
  integratorId: string;
  personId: string;
  siteId: string;
  more: AskedAccess;
}

/** What software asks with a key, an administrator asks in the console: more than a site's practice permits. */
@Injectable()
export class AskSite {
  constructor(
    private readonly access: AskAccess,
    private readonly grants: GrantBook,
  ) {}

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND where nobody paired; and as AskAccess */
  async execute({ integratorId, personId, siteId, more }: SiteAsk): Promise<AskedState> {
    if (!this.grants.pairedSites(integratorId).includes(siteId))
      throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
    const by = { actorRef: personId };
    return { state: await this.access.execute({ siteId, integratorId, by, more }) };
  }
}
