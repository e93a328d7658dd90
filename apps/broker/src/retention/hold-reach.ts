/** What a hold that was placed just now stops, and what had gone before it: both plainly, by kind. */
import { sql, type RawBuilder, type Selectable, type SqlBool, type Transaction } from 'kysely';
import { recordSources } from '#apps/broker/src/retention/due-records.js';
import { ofSameTenant, reaches } from '#apps/broker/src/retention/held-records.js';
import { asDestructions } from '#apps/broker/src/retention/register-entries.js';
import {
  MOST_REGISTER_SHOWN,
  retentionKinds,
  type PlacedHold,
  type RetentionKind,
} from '#libs/console-api/retention.js';
import type { RetentionHoldsTable } from '#libs/db/retention-tables.js';
import type { Database } from '#libs/db/schema.js';

type Hold = Selectable<RetentionHoldsTable>;

export class HoldReach {
  /** @param hold one that is stored, in this transaction */
  async of(
    within: Transaction<Database>,
    hold: Pick<
      Hold,
      'hold_id' | 'kind' | 'practice_id' | 'integrator_id' | 'window_from' | 'window_to'
    >,
  ): Promise<Pick<PlacedHold, 'stops' | 'gone'>> {
    const stops: PlacedHold['stops'] = [];
    for (const kind of retentionKinds.filter((one) => (hold.kind ?? one) === one)) {
      const stopped = await stoppedOf(within, kind, hold);
      if (stopped) stops.push(stopped);
    }
    return { stops, gone: await gone(within, hold) };
  }
}

async function stoppedOf(
  within: Transaction<Database>,
  kind: RetentionKind,
  hold: Pick<Hold, 'hold_id' | 'practice_id' | 'integrator_id'>,
): Promise<PlacedHold['stops'][number] | undefined> {
  const latest = await within
    .selectFrom('retention_plans')
    .select(({ fn }) => fn.max('window_to').as('window_to'))
    .where('kind', '=', kind)
    .where('state', '=', 'planned')
    .executeTakeFirst();
  if (!latest?.window_to) return undefined;
  const { rows } = await sql<{ records: string; execute_after: Date | null }>`
    select count(*) as records, min(p.execute_after) as execute_after
    from retention_plans p
    join (
      select * from (${recordSources[kind].rows}) x
      where x.at <= ${latest.window_to} and ${ofTenant(kind, hold)}
    ) x on (p.subject = x.key or p.subject is null and ${ofSameTenant} and x.at < p.window_to)
    join retention_holds h on h.hold_id = ${hold.hold_id}
    where p.kind = ${kind} and p.state = 'planned' and ${reaches(kind)}`.execute(within);
  const [{ records, execute_after: executeAfter } = { records: '0', execute_after: null }] = rows;
  if (executeAfter === null) return undefined;
  return { kind, records: Number(records), executeAfter: executeAfter.toISOString() };
}

/** So that an index leads there. Somebody may have been at several places, and is looked for at each. */
function ofTenant(
  kind: RetentionKind,
  hold: Pick<Hold, 'practice_id' | 'integrator_id'>,
): RawBuilder<SqlBool> {
  if (kind === 'person-name') return sql<SqlBool>`true`;
  return hold.practice_id === null
    ? sql<SqlBool>`x.integrator_id = ${hold.integrator_id}`
    : sql<SqlBool>`x.practice_id = ${hold.practice_id}`;
}

/** Of the register a hold's tenant and time are asked for; of which site something was, it does not say. */
async function gone(
  within: Transaction<Database>,
  hold: Pick<Hold, 'kind' | 'practice_id' | 'integrator_id' | 'window_from' | 'window_to'>,
) {
  let query = within.selectFrom('retention_register').selectAll();
  if (hold.kind !== null) query = query.where('kind', '=', hold.kind);
  if (hold.practice_id !== null) query = query.where('practice_id', '=', hold.practice_id);
  if (hold.integrator_id !== null)
    query = query.where(({ eb, or }) =>
      or([
        eb('integrator_id', '=', hold.integrator_id),
        ...(hold.practice_id === null ? [] : [eb('integrator_id', 'is', null)]),
      ]),
    );
  if (hold.window_from !== null) query = query.where('newest', '>=', hold.window_from);
  if (hold.window_to !== null) query = query.where('oldest', '<', hold.window_to);
  return asDestructions(await query.orderBy('destroyed_at', 'desc').limit(10_000).execute()).slice(
    0,
    MOST_REGISTER_SHOWN,
  );
}
