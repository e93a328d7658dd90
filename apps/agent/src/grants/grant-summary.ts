/** A held grant as people and scripts are shown it. */
import { describeGrant } from '#libs/grants/describe-grant.js';
import { standingOf } from '#libs/grants/evaluate-grant.js';
import type { Grant } from '#libs/grants/grant.js';

export interface GrantSummary {
  grantId: string;
  seq: number;
  integratorId: string;
  siteIds: string[];
  scopes: string[];
  catalogues: string[];
  state: 'in force' | 'not yet in force' | 'expired' | 'revoked';
  expires: string;
  /** Whether the broker has said that it stored it. */
  published: boolean;
  lines: string[];
}

function stateOf(grant: Grant, nowMs: number): GrantSummary['state'] {
  switch (standingOf(grant, nowMs)) {
    case undefined:
      return 'in force';
    case 'GRANT_REVOKED':
      return 'revoked';
    case 'GRANT_NOT_YET_VALID':
      return 'not yet in force';
    default:
      return 'expired';
  }
}

/** Newest end first. */
export function summarise(
  held: readonly { grant: Grant; acknowledged: boolean }[],
  nowMs: number,
): GrantSummary[] {
  return held
    .map(({ grant, acknowledged }) => ({
      grantId: grant.grantId,
      seq: grant.seq,
      integratorId: grant.integratorId,
      siteIds: grant.siteIds,
      scopes: grant.scopes,
      catalogues: grant.catalogues,
      state: stateOf(grant, nowMs),
      expires: grant.expires,
      published: acknowledged,
      lines: describeGrant(grant),
    }))
    .sort((a, b) => b.expires.localeCompare(a.expires));
}
