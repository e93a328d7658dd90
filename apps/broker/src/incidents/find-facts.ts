/** What drafts are made of, out of the register: see libs/incidents/incident-facts.ts. */
import { Injectable } from '@nestjs/common';
import type { Transaction } from 'kysely';
import type { IncidentRow } from '#apps/broker/src/incidents/incident-register.js';
import type { FreezeKind, PackContent } from '#libs/console-api/incidents.js';
import { namesById } from '#libs/db/names-by-id.js';
import type { Database } from '#libs/db/schema.js';
import { drillWorld } from '#libs/incidents/drill-records.js';
import type { FrozenFact, IncidentFacts } from '#libs/incidents/incident-facts.js';
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
      .leftJoin('api_keys', 'key_id', 'target_id')
      .select(['kind', 'target_id', 'practice_id', 'target_practice_id', 'integrator_id'])
      .where('incident_id', '=', incidentId)
      .where('thawed_at', 'is', null)
      .orderBy('frozen_at')
      .execute();
    const frozenIds = freezes.map((one) => one.target_id);
    const names =
      row.drill_seed === null
        ? await namesOf(within, row, content, frozenIds)
        : drillWorld(Number(row.drill_seed)).names;
    const keyOwners =
      row.drill_seed === null
        ? await keyOwnersOf(within, scope.keys)
        : Object.fromEntries(scope.keys.map((key) => [key, scope.integrators[0] ?? '']));
    return {
      title: row.title,
      drill: row.drill_seed !== null,
      awareOn: dateThere(row.aware_at.getTime(), row.time_zone),
      ...{ dueOn: row.due_on, timeZone: row.time_zone, scope, names, keyOwners },
      myHealthRecord: row.my_health_record,
      ...(content && { pack: content }),
      ...(pack?.hash && { packHash: pack.hash }),
      ...(statement && { statement }),
      frozen: freezes.map((one) => frozenOf(one, names)),
    };
  }
}

interface FreezeRow {
  kind: FreezeKind;
  target_id: string;
  practice_id: string | null;
  target_practice_id: string | null;
  /** Of a key. */
  integrator_id: string | null;
}

function frozenOf(row: FreezeRow, names: Readonly<Record<string, string>>): FrozenFact {
  const { kind, target_id: id } = row;
  const practiceId = row.target_practice_id ?? row.practice_id;
  const whose = { integrator: id, key: row.integrator_id, site: null, agent: null }[kind];
  return {
    words: `${frozenWords[kind]} ${names[id] ?? id}`,
    ...(practiceId !== null && { practiceId }),
    ...(whose !== null && { integratorId: whose }),
  };
}

async function keyOwnersOf(
  within: Transaction<Database>,
  keys: readonly string[],
): Promise<Record<string, string>> {
  const rows = await within
    .selectFrom('api_keys')
    .select(['key_id', 'integrator_id'])
    .where('key_id', 'in', ['', ...keys])
    .execute();
  return Object.fromEntries(rows.map((row) => [row.key_id, row.integrator_id]));
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
