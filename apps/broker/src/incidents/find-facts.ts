/** What drafts are made of, out of the register: see libs/incidents/incident-facts.ts. */
import { Injectable } from '@nestjs/common';
import type { Transaction } from 'kysely';
import type { IncidentRow } from '#apps/broker/src/incidents/incident-register.js';
import type { FreezeKind, PackContent } from '#libs/console-api/incidents.js';
import { namesById } from '#libs/db/names-by-id.js';
import type { Database } from '#libs/db/schema.js';
import { drillWorld } from '#libs/incidents/drill-records.js';
import type { IncidentFacts } from '#libs/incidents/incident-facts.js';
import { dateThere } from '#libs/kernel/local-day.js';

const frozenWords: Record<FreezeKind, string> = {
  integrator: 'the access of the software',
  key: 'the API key',
  site: 'all access at the site',
  agent: 'the practice’s server',
};

@Injectable()
export class FindFacts {
  /** Within the transaction that uses them. */
  async of(within: Transaction<Database>, row: IncidentRow): Promise<IncidentFacts> {
    const { incident_id: incidentId, scope } = row;
    const pack = await within
      .selectFrom('incident_packs')
      .select(['content', 'hash'])
      .where('incident_id', '=', incidentId)
      .where('ready_at', 'is not', null)
      .orderBy('asked_at', 'desc')
      .limit(1)
      .executeTakeFirst();
    const content =
      pack?.content === null || !pack ? undefined : (JSON.parse(pack.content) as PackContent);
    const statement = await within
      .selectFrom('incident_statements')
      .select('parts')
      .where('incident_id', '=', incidentId)
      .orderBy('version', 'desc')
      .limit(1)
      .executeTakeFirst();
    const freezes = await within
      .selectFrom('incident_freezes')
      .select(['kind', 'target_id'])
      .where('incident_id', '=', incidentId)
      .where('thawed_at', 'is', null)
      .orderBy('frozen_at')
      .execute();
    const frozenIds = freezes.map((one) => one.target_id);
    const names =
      row.drill_seed === null
        ? await namesOf(within, row, content, frozenIds)
        : drillWorld(Number(row.drill_seed)).names;
    return {
      title: row.title,
      drill: row.drill_seed !== null,
      awareOn: dateThere(row.aware_at.getTime(), row.time_zone),
      ...{ dueOn: row.due_on, timeZone: row.time_zone, scope, names },
      myHealthRecord: row.my_health_record,
      ...(content && { pack: content }),
      ...(pack?.hash && { packHash: pack.hash }),
      ...(statement && { statement }),
      frozen: freezes.map(
        (one) => `${frozenWords[one.kind]} ${names[one.target_id] ?? one.target_id}`,
      ),
    };
  }
}

async function namesOf(
  within: Transaction<Database>,
  { scope }: Pick<IncidentRow, 'scope'>,
  pack: PackContent | undefined,
  frozenIds: readonly string[],
): Promise<Record<string, string>> {
  const of = (name: 'practices' | 'integrators'): string[] => [
    ...scope[name],
    ...frozenIds,
    ...(pack?.[name].map(({ id }) => id) ?? []),
  ];
  return Object.fromEntries([
    ...(await namesById(within, 'practices', of('practices'))),
    ...(await namesById(within, 'integrators', of('integrators'))),
    ...(await namesById(within, 'sites', frozenIds)),
  ]);
}
