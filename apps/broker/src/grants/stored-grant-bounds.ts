/**
 * What the broker asks of a published grant beyond its form, because it cannot judge the signature:
 * that the integrator itself asked for access to every site with a code from the practice, and that
 * the rows an agent can leave behind have a bound. The audit log keeps every act either way.
 */
import type { Transaction } from 'kysely';

import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { Grant } from '#libs/grants/grant.js';

type Within = Transaction<Database>;

export const storedGrantBounds = {
  /** Newest documents kept of one grant. */
  documentsOfGrant: 20,
  /** Grants one integrator may ever have had at one site: decades of renewals. */
  grantsOfPair: 200,
} as const;

const refuse = (reason: string): ConduitError =>
  new ConduitError('GRANT_INVALID', { facts: { reason } });

/** @throws ConduitError GRANT_INVALID, `not-asked`: the integrator never paired with one of the sites */
export async function requireAsked(within: Within, grant: Grant): Promise<void> {
  const asked = await within
    .selectFrom('access_requests')
    .select('site_id')
    .distinct()
    .where('site_id', 'in', grant.siteIds)
    .where('integrator_id', '=', grant.integratorId)
    .execute();
  if (asked.length < new Set(grant.siteIds).size) throw refuse('not-asked');
}

/** @throws ConduitError GRANT_INVALID, `too-many`: this would be one grant too many for one of its sites */
export async function requireRoom(within: Within, grant: Grant): Promise<void> {
  const full = await within
    .selectFrom('grants')
    .select('site_id')
    .where('site_id', 'in', grant.siteIds)
    .where('integrator_id', '=', grant.integratorId)
    .where('grant_id', '!=', grant.grantId)
    .groupBy('site_id')
    .having((row) => row.fn.count('grant_id').distinct(), '>=', storedGrantBounds.grantsOfPair)
    .executeTakeFirst();
  if (full) throw refuse('too-many');
}

/** Deletes what newer documents of the same grant have long replaced. */
export async function forgetReplaced(within: Within, grantId: string): Promise<void> {
  const kept = await within
    .selectFrom('grants')
    .select('seq')
    .distinct()
    .where('grant_id', '=', grantId)
    .orderBy('seq', 'desc')
    .limit(storedGrantBounds.documentsOfGrant)
    .execute();
  const oldest = kept.at(-1);
  if (!oldest || kept.length < storedGrantBounds.documentsOfGrant) return;
  for (const table of ['grants', 'grant_proposals'] as const)
    await within
      .deleteFrom(table)
      .where('grant_id', '=', grantId)
      .where('seq', '<', oldest.seq)
      .execute();
}
