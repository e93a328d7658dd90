import { Injectable } from '@nestjs/common';
import { GrantBook } from '#apps/broker/src/grants/grant-book.port.js';
import { refuseBadRanges } from '#apps/broker/src/integrators/issue-api-key.js';
import { InvalidFields } from '#libs/contracts/read-dto.js';
import { Clock } from '#libs/kernel/clock.js';

/** The bounds that a key or a client is asked for with. */
@Injectable()
export class KeyBounds {
  constructor(
    private readonly grants: GrantBook,
    private readonly clock: Clock,
  ) {}

  /** @throws InvalidFields: before anybody is asked for a passkey */
  require(
    integratorId: string,
    bounds: {
      expiresAt?: string | undefined;
      siteIds?: readonly string[];
      addressRanges?: readonly string[];
    },
  ): void {
    const { expiresAt, siteIds = [], addressRanges = [] } = bounds;
    if (expiresAt !== undefined && Date.parse(expiresAt) <= this.clock.now()) {
      throw new InvalidFields([{ field: 'expiresAt', problem: 'must be in the future' }]);
    }
    refuseBadRanges(addressRanges);
    this.refuseForeign(integratorId, siteIds);
  }

  /** Not that a key could do more there: so that nobody believes it can do anything. */
  private refuseForeign(integratorId: string, siteIds: readonly string[]): void {
    const paired = new Set(this.grants.pairedSites(integratorId));
    const problems = siteIds.flatMap((siteId, index) =>
      paired.has(siteId)
        ? []
        : [{ field: `siteIds[${index}]`, problem: 'must be a site that you are paired with' }],
    );
    if (problems.length > 0) throw new InvalidFields(problems);
  }
}
