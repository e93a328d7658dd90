/**
 * A document that an owner's passkey signed and that waits for the practice's server: which of them
 * still waits, what it replaces, what stands of the same permission. It is in force only when the
 * server's receipt has come; a withdrawal counts at the broker from the moment it is proposed.
 */
import { sql, type Kysely, type Transaction } from 'kysely';

import type { Database } from '#libs/db/schema.js';
import type { Grant, SignedGrant } from '#libs/grants/grant.js';

type Store = Kysely<Database> | Transaction<Database>;

/** A proposal that gives permission is not delivered after so many days; one that withdraws always is. */
export const firmDays = 7;
const DAY_MS = 86_400_000;

/** The newest document about a permission, whether it is in force or only proposed. */
export interface Newest {
  grant: Grant;
  document: string;
  /** Absent: the agent's receipt has come. */
  proposal?: 'proposed' | 'refused' | 'replaced' | 'taken';
}

const asNewest = (row: { signed: object; state?: string }, isProposal: boolean): Newest => {
  const { document } = row.signed as SignedGrant;
  const proposal = isProposal && { proposal: row.state as NonNullable<Newest['proposal']> };
  return { grant: JSON.parse(document) as Grant, document, ...proposal };
};

/** The newest document of every permission of one integrator at one site. */
export async function newestOfPair(
  store: Store,
  siteId: string,
  integratorId: string,
): Promise<Newest[]> {
  const stored = await store
    .selectFrom('grants')
    .select('signed')
    .where('site_id', '=', siteId)
    .where('integrator_id', '=', integratorId)
    .execute();
  const proposed = await store
    .selectFrom('grant_proposals')
    .select(['signed', 'state'])
    .where(namesSite(siteId))
    .where('integrator_id', '=', integratorId)
    .execute();
  const newest = new Map<string, Newest>();
  // Stored ones first: of the same number, the one with the receipt counts.
  const all = [
    ...stored.map((row) => asNewest(row, false)),
    ...proposed.map((row) => asNewest(row, true)),
  ];
  for (const one of all) {
    const known = newest.get(one.grant.grantId);
    if (!known || known.grant.seq < one.grant.seq) newest.set(one.grant.grantId, one);
  }
  return [...newest.values()];
}

/** SQL: the proposal's sites include this one. */
export const namesSite = (siteId: string) =>
  sql<boolean>`site_ids @> ${JSON.stringify([siteId])}::jsonb`;

/** SQL: still to be delivered at this moment. */
export const isFirm = (nowMs: number) =>
  sql<boolean>`(revokes or created_at > ${new Date(nowMs - firmDays * DAY_MS)})`;

/** Whether a proposal that waits is too old to be delivered. */
export const hasLapsed = (
  proposal: { revokes: boolean; created_at: Date },
  nowMs: number,
): boolean => !proposal.revokes && nowMs - proposal.created_at.getTime() >= firmDays * DAY_MS;

/**
 * What waits of the permissions that this document settles is settled: an older one of the same
 * permission, and any other permission for the same integrator at one of the same places.
 */
export async function replaceOlder(
  within: Transaction<Database>,
  { grantId, seq, integratorId, siteIds, revoked }: Grant,
  at: Date,
): Promise<void> {
  await within
    .updateTable('grant_proposals')
    .set({ state: 'replaced', decided_at: at })
    .where('state', 'in', ['proposed', 'refused'])
    .where('integrator_id', '=', integratorId)
    .where((row) => {
      const older = row.and([row('grant_id', '=', grantId), row('seq', '<', seq)]);
      if (revoked) return older;
      const rivals = siteIds.map((siteId) =>
        row.and([row('grant_id', '!=', grantId), row('revokes', '=', false), namesSite(siteId)]),
      );
      return row.or([older, ...rivals]);
    })
    .execute();
}
