/** What stands in place of ids on an incident's pages: only what its reader may know. */
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { ActivityPeople } from '#apps/broker/src/activity/activity-people.js';
import { readerOf, type IncidentPlace } from '#apps/broker/src/incidents/incident-place.js';
import type { FreezeKind, IncidentScope, PackContent } from '#libs/console-api/incidents.js';
import { namesById } from '#libs/db/names-by-id.js';
import type { Database } from '#libs/db/schema.js';
import { drillWorld } from '#libs/incidents/drill-records.js';

interface Named {
  scope?: IncidentScope;
  pack?: Pick<PackContent, 'practices' | 'sites' | 'integrators' | 'scope'>;
  freezes?: readonly { kind: FreezeKind; target_id: string }[];
  /** Of a drill, whose houses are made up. */
  drillSeed: string | number | null;
}

/** Everybody whom rows of an incident name. */
interface Acted {
  row: { opened_by: string };
  steps: readonly { person_id: string | null }[];
  freezes: readonly { frozen_by: string; thaw_asked_by: string | null; thawed_by: string | null }[];
  decisions: readonly { person_id: string }[];
  statements: readonly { person_id: string | null }[];
  letters: readonly { sent_by: string | null }[];
}

@Injectable()
export class IncidentNames {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly activity: ActivityPeople,
  ) {}

  async of(
    { practiceId }: Pick<IncidentPlace, 'practiceId'>,
    { scope, pack, freezes = [], drillSeed }: Named,
  ): Promise<Record<string, string>> {
    if (drillSeed !== null) return drillWorld(Number(drillSeed)).names;
    const idsOf = (name: 'practices' | 'sites' | 'integrators'): string[] => [
      ...(scope?.[name] ?? []),
      ...(pack?.scope[name] ?? []),
      ...(pack?.[name].map(({ id }) => id) ?? []),
    ];
    const frozen = (kind: FreezeKind): string[] =>
      freezes.filter((one) => one.kind === kind).map((one) => one.target_id);
    const { database } = this;
    const sites = [...idsOf('sites'), ...frozen('site')];
    const integrators = [...idsOf('integrators'), ...frozen('integrator')];
    return Object.fromEntries([
      ...(await namesById(database, 'practices', idsOf('practices'), practiceId)),
      ...(await namesById(database, 'sites', sites, practiceId)),
      ...(await namesById(database, 'integrators', integrators)),
    ]);
  }

  people(place: IncidentPlace, acted: Acted): Promise<Map<string, string>> {
    const ids = [
      acted.row.opened_by,
      ...[...acted.steps, ...acted.decisions, ...acted.statements].map((one) => one.person_id),
      ...acted.freezes.flatMap((one) => [one.frozen_by, one.thaw_asked_by, one.thawed_by]),
      ...acted.letters.map((one) => one.sent_by),
    ];
    const known = [...new Set(ids.filter((id) => id !== null))];
    return this.activity.names(readerOf(place), known);
  }
}
