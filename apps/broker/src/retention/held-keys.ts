/** For rooms that keep their own tables short: what they must leave where it is. */
import { sql, type RawBuilder } from 'kysely';
import { recordSources } from '#apps/broker/src/retention/due-records.js';
import { reaches } from '#apps/broker/src/retention/held-records.js';
import type { RetentionKind } from '#libs/console-api/retention.js';

/** SQL: keys (due-records.ts) of the records that a hold reaches; without a hold nothing is looked at. */
export const heldKeys = (kind: RetentionKind): RawBuilder<unknown> =>
  sql`select x.key from (${recordSources[kind].rows}) x
    join retention_holds h on h.lifted_at is null and ${reaches(kind)}`;
