/**
 * What a hold holds. A record that does not say of which software or site it is may be the one that is
 * meant, and is held with the others of its practice. Somebody with several places is held for each.
 */
import { sql, type Kysely, type RawBuilder, type SqlBool } from 'kysely';
import type { RetentionKind } from '#libs/console-api/retention.js';
import type { Database } from '#libs/db/schema.js';

/** Any constant will do, as long as nothing else in the database uses it. */
const LOCK_ID = 7_166_273_487n;

/**
 * Until the transaction ends nobody places or lifts a hold, or destroys: a hold is either seen by a
 * destruction, or finds it in the register.
 */
export async function inTurnWithHolds(within: Kysely<Database>): Promise<void> {
  await sql`select pg_advisory_xact_lock(${LOCK_ID.toString()}::bigint)`.execute(within);
}

/** SQL over a record `x` (due-records.ts) and a hold `h`. */
export function reaches(kind: RetentionKind): RawBuilder<SqlBool> {
  return sql<SqlBool>`((h.kind is null or h.kind = ${kind})
    and ${kind === 'person-name' ? ofPerson : ofRecord}
    and (h.window_from is null or x.at >= h.window_from)
    and (h.window_to is null or x.at < h.window_to))`;
}

const ofRecord = sql<SqlBool>`(h.practice_id is null or h.practice_id = x.practice_id)
  and (h.integrator_id is null or h.integrator_id = x.integrator_id
    or (x.integrator_id is null and h.practice_id is not null))
  and (h.site_id is null or x.site_id is null or h.site_id = x.site_id)`;

const ofPerson = sql<SqlBool>`exists (select from person_places place
  where place.person_id = x.key
    and (h.practice_id is null or h.practice_id = place.practice_id)
    and (h.integrator_id is null or h.integrator_id = place.integrator_id
      or (place.integrator_id is null and h.practice_id is not null)))`;

/** SQL over a record `x`: no hold that is in force reaches it. */
export const isFree = (kind: RetentionKind): RawBuilder<SqlBool> =>
  sql<SqlBool>`not exists (select from retention_holds h
    where h.lifted_at is null and ${reaches(kind)})`;

/** SQL over a record `x` and a plan `p`: they are of one tenant. */
export const ofSameTenant = sql<SqlBool>`(p.practice_id is not distinct from x.practice_id
  and p.integrator_id is not distinct from x.integrator_id)`;
