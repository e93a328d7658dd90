/**
 * The broker's quick look at permissions: enough to answer a hopeless request early and cheaply.
 * The decision that counts is the agent's, over the same signed document.
 */
import type { Grant } from '#libs/grants/grant.js';

export type GrantLookup =
  | { state: 'active'; grant: Grant }
  | { state: 'none' | 'declined' | 'revoked' | 'expired' | 'paused' | 'frozen' }
  /** `server`: the practice approved, and its server has not confirmed that yet. */
  | { state: 'pending'; waitsFor?: 'server' };

export abstract class GrantBook {
  /** In memory, kept fresh by push: no I/O. `none` also when the integrator never paired. */
  abstract find(siteId: string, integratorId: string): GrantLookup;

  /** Sites this integrator is paired with: an access request or grant exists. */
  abstract pairedSites(integratorId: string): string[];
}
