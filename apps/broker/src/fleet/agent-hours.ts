import type { Kysely } from 'kysely';
import type { SiteCalendar } from '#apps/broker/src/fleet/opening-hours.js';
import type { OpeningWindow } from '#libs/console-api/operator.js';
import type { Database } from '#libs/db/schema.js';

/** As one row of site_hours and practices has it; undefined: always open. */
export function calendarOf(row: {
  time_zone: string | null;
  windows: OpeningWindow[] | null;
  practice_zone: string;
  closed_days: string[];
}): SiteCalendar | undefined {
  const { time_zone: zone, windows, practice_zone: practiceZone, closed_days: closedDays } = row;
  if (zone !== null && windows !== null) return { timeZone: zone, windows, closedDays };
  return closedDays.length === 0 ? undefined : { timeZone: practiceZone, windows: [], closedDays };
}

/** Of each agent the hours of its sites; undefined in a list: a site that is always open. */
export async function hoursOfAgents(
  database: Kysely<Database>,
  agentIds: readonly string[],
): Promise<Map<string, (SiteCalendar | undefined)[]>> {
  const found = new Map<string, (SiteCalendar | undefined)[]>();
  if (agentIds.length === 0) return found;
  const rows = await database
    .selectFrom('sites')
    .leftJoin('site_hours as hours', 'hours.site_id', 'sites.site_id')
    .innerJoin('practices', 'practices.practice_id', 'sites.practice_id')
    .select(['sites.agent_id', 'hours.time_zone', 'hours.windows'])
    .select(['practices.time_zone as practice_zone', 'closed_days'])
    .where('sites.agent_id', 'in', agentIds)
    .where('sites.status', 'in', ['initialising', 'active'])
    .execute();
  for (const { agent_id: agentId, ...row } of rows) {
    const hours = calendarOf(row);
    const known = found.get(agentId as string);
    if (known) known.push(hours);
    else found.set(agentId as string, [hours]);
  }
  return found;
}
