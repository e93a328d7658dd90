import type { Kysely } from 'kysely';
import type { OpeningHours } from '#libs/console-api/operator.js';
import type { Database } from '#libs/db/schema.js';

/** Of each agent the hours of its sites; undefined in a list: a site that is always open. */
export async function hoursOfAgents(
  database: Kysely<Database>,
  agentIds: readonly string[],
): Promise<Map<string, (OpeningHours | undefined)[]>> {
  const found = new Map<string, (OpeningHours | undefined)[]>();
  if (agentIds.length === 0) return found;
  const rows = await database
    .selectFrom('sites')
    .leftJoin('site_hours as hours', 'hours.site_id', 'sites.site_id')
    .select(['sites.agent_id', 'hours.time_zone', 'hours.windows'])
    .where('sites.agent_id', 'in', agentIds)
    .where('sites.status', 'in', ['initialising', 'active'])
    .execute();
  for (const { agent_id: agentId, time_zone: timeZone, windows } of rows) {
    const hours = timeZone === null || windows === null ? undefined : { timeZone, windows };
    const known = found.get(agentId as string);
    if (known) known.push(hours);
    else found.set(agentId as string, [hours]);
  }
  return found;
}
