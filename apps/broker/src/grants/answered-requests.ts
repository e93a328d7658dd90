/**
 * Which waiting requests a document answers. A renewal or a narrower permission says nothing about what
 * an integrator asked for in the meantime: that goes on waiting for a yes or a no of its own.
 */
import { createHash } from 'node:crypto';

import type { Transaction } from 'kysely';

import type { Database } from '#libs/db/schema.js';
import { canonicalJson } from '#libs/grants/canonical-json.js';
import type { AskedAccess } from '#libs/grants/grant-messages.js';
import type { Grant, SignedGrant } from '#libs/grants/grant.js';

type Within = Transaction<Database>;
type Terms = AskedAccess | Pick<Grant, 'scopes' | 'catalogues' | 'purposes'>;

/** The request that somebody in the console had before them, as it was then: it may have grown since. */
export interface AnsweredRequest {
  accessRequestId: string;
  version: string;
}

/** The document, and who decided: absent, it was signed on the practice's own server. */
export interface Decision {
  grant: Grant;
  proposal?: { answers: AnsweredRequest | null };
  at: Date;
}

/** Of what is asked: another text, another version. 64 hexadecimal digits. */
export const versionOfAsked = ({ scopes, catalogues, purposes }: AskedAccess): string =>
  createHash('sha256').update(canonicalJson({ scopes, catalogues, purposes })).digest('hex');

export async function approveAnswered(within: Within, decision: Decision): Promise<void> {
  const { grant, at } = decision;
  const waiting = await within
    .selectFrom('access_requests')
    .select(['access_request_id', 'site_id', 'asked'])
    .where('site_id', 'in', grant.siteIds)
    .where('integrator_id', '=', grant.integratorId)
    .where('state', '=', 'pending')
    .execute();
  for (const { access_request_id: id, site_id: siteId, asked } of waiting) {
    const held = await heldBefore(within, decision, siteId);
    if (!isAnswered(decision, id, asked as AskedAccess, held)) continue;
    await within
      .updateTable('access_requests')
      .set({ state: 'approved', decided_at: at })
      .where('access_request_id', '=', id)
      .where('state', '=', 'pending')
      .execute();
  }
}

function isAnswered(
  { grant, proposal }: Decision,
  accessRequestId: string,
  asked: AskedAccess,
  held: readonly Terms[],
): boolean {
  const missing = missingFrom(asked, [grant]);
  if (missing.length === 0) return true;
  // Signed in the console: an answer to the request that it names, as that was read, and to no other.
  if (proposal) {
    const { answers } = proposal;
    return (
      answers?.accessRequestId === accessRequestId && answers.version === versionOfAsked(asked)
    );
  }
  // On the server every document begins with a request; one that brings none of it comes late.
  const isNew = (one: string): boolean => !missing.includes(one);
  return held.length === 0 || missingFrom(asked, held).some(isNew);
}

/** What is asked for and in none of these. */
export function missingFrom(asked: AskedAccess, terms: readonly Terms[]): string[] {
  return (['scopes', 'catalogues', 'purposes'] as const).flatMap((kind) =>
    asked[kind].filter((one) => !terms.some((term) => (term[kind] as string[]).includes(one))),
  );
}

/** What the integrator was permitted at the site until this document came. */
async function heldBefore(
  within: Within,
  { grant, at }: Decision,
  siteId: string,
): Promise<Grant[]> {
  const rows = await within
    .selectFrom('grants')
    .distinctOn('grant_id')
    .select(['state', 'signed', 'expires_at'])
    .where('site_id', '=', siteId)
    .where('integrator_id', '=', grant.integratorId)
    .where((row) => row.or([row('grant_id', '!=', grant.grantId), row('seq', '<', grant.seq)]))
    .orderBy('grant_id')
    .orderBy('seq', 'desc')
    .execute();
  return rows
    .filter((row) => row.state === 'active' && row.expires_at > at)
    .map((row) => JSON.parse((row.signed as SignedGrant).document) as Grant);
}
