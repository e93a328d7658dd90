/**
 * An integrator asks a site for more than it has there: part of the request that waits, or a request of
 * its own. What is permitted stays as it is until the practice has decided.
 */
import { randomUUID } from 'node:crypto';

import type { Transaction } from 'kysely';

import { missingFrom } from '#apps/broker/src/grants/answered-requests.js';
import type { Database } from '#libs/db/schema.js';
import type { AskedAccess } from '#libs/grants/grant-messages.js';
import type { Grant } from '#libs/grants/grant.js';

type Within = Transaction<Database>;

/** A request that names more is not read by anybody. */
const MOST_SCOPES = 50;

export interface MoreWanted {
  siteId: string;
  integratorId: string;
  /** On top of what is asked, or held, there. */
  more: AskedAccess;
  /** What is in force there. */
  held?: Grant | undefined;
  /** Before a request of its own is made: throws where the practice is to be left in peace. */
  requireQuiet: () => Promise<void>;
}

const kinds = ['scopes', 'catalogues', 'purposes'] as const;

/**
 * The caller holds the site's row.
 * @returns known: asked for, or permitted, already; not-askable: the practice has nothing to decide and
 *   permits nothing, or it is too much
 */
export async function askMore(
  within: Within,
  { siteId, integratorId, more, held, requireQuiet }: MoreWanted,
): Promise<'asked' | 'known' | 'not-askable'> {
  const open = await within
    .selectFrom('access_requests')
    .select(['access_request_id', 'asked'])
    .where('site_id', '=', siteId)
    .where('integrator_id', '=', integratorId)
    .where('state', '=', 'pending')
    .executeTakeFirst();
  const before = (open?.asked as AskedAccess | undefined) ?? held;
  if (!before) return 'not-askable';
  if (missingFrom(more, [before]).length === 0) return 'known';
  const asked = togetherOf(before, more);
  if (asked.scopes.length > MOST_SCOPES) return 'not-askable';
  if (open) {
    await within
      .updateTable('access_requests')
      .set({ asked: JSON.stringify(asked) })
      .where('access_request_id', '=', open.access_request_id)
      .execute();
    return 'asked';
  }
  await requireQuiet();
  await within
    .insertInto('access_requests')
    .values({
      ...{ access_request_id: randomUUID(), site_id: siteId, integrator_id: integratorId },
      ...{ state: 'pending', asked: JSON.stringify(asked) },
    })
    .execute();
  return 'asked';
}

function togetherOf(before: AskedAccess, more: AskedAccess): AskedAccess {
  const [scopes = [], catalogues = [], purposes = []] = kinds.map((kind) => [
    ...new Set([...before[kind], ...more[kind]]),
  ]);
  return { scopes, catalogues, purposes };
}
