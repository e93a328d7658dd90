/** What an incident may look at, checked against what there is: a practice sees to its own, the operator to all. */
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import {
  MOST_WINDOW_DAYS,
  type IncidentScope,
  type OpenIncidentRequest,
} from '#libs/console-api/incidents.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { sortedScope } from '#libs/incidents/pack-content.js';
import { Clock } from '#libs/kernel/clock.js';

const DAY_MS = 86_400_000;
/** Where practices of several zones are concerned: no other capital's day ends earlier. */
const ZONE_OF_MANY = 'Australia/Sydney';

export interface ScopeFound {
  scope: IncidentScope;
  /** That the ids name or belong to; none: every practice, or those of software and keys. */
  practiceIds: string[];
  timeZone: string;
}

@Injectable()
export class IncidentScopes {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly clock: Clock,
  ) {}

  /** @throws ConduitError REQUEST_INVALID for ids that are not known, or not the practice's; for its window */
  async require(wanted: IncidentScope, practiceId: string | undefined): Promise<ScopeFound> {
    const [fromMs, toMs] = [Date.parse(wanted.from), Date.parse(wanted.to)];
    if (!(fromMs < toMs)) throw invalid('scope.to', 'must be after from');
    if (toMs - fromMs > MOST_WINDOW_DAYS * DAY_MS)
      throw invalid('scope.from', `must be within ${MOST_WINDOW_DAYS} days of to`);
    if (toMs > this.clock.now() + DAY_MS) throw invalid('scope.to', 'must not be in the future');
    const scope = sortedScope(wanted);
    if (practiceId !== undefined) {
      if (scope.practices.some((id) => id !== practiceId))
        throw invalid('scope.practices', 'must be your own practice');
      if (scope.keys.length > 0) throw invalid('scope.keys', 'are known to the operator alone');
      scope.practices = [practiceId];
    }
    const practiceIds = await this.practicesOf(scope, practiceId);
    await this.requireSoftware(scope);
    return { scope, practiceIds, timeZone: await this.zoneOf(practiceIds) };
  }

  /** @throws ConduitError REQUEST_INVALID for a source that is not there, or not the practice's */
  async requireSource(
    source: OpenIncidentRequest['source'],
    practiceId: string | undefined,
  ): Promise<void> {
    if (!source) return;
    const found =
      source.kind === 'log-alarm'
        ? await this.database
            .selectFrom('agents')
            .select('practice_id')
            .where('agent_id', '=', source.agentId)
            .executeTakeFirst()
        : await this.database
            .selectFrom('reconciliation_incidents')
            .select('practice_id')
            .where('incident_id', '=', source.reconciliationIncidentId)
            .executeTakeFirst();
    const isFound = found && (practiceId === undefined || found.practice_id === practiceId);
    if (!isFound) throw invalid('source', 'is not known');
  }

  private async practicesOf(scope: IncidentScope, own: string | undefined): Promise<string[]> {
    const practices = await this.database
      .selectFrom('practices')
      .select(['practice_id as id', 'practice_id'])
      .where('practice_id', 'in', ['', ...scope.practices])
      .execute();
    const sites = await this.database
      .selectFrom('sites')
      .select(['site_id as id', 'practice_id'])
      .where('site_id', 'in', ['', ...scope.sites])
      .execute();
    const agents = await this.database
      .selectFrom('agents')
      .select(['agent_id as id', 'practice_id'])
      .where('agent_id', 'in', ['', ...scope.agents])
      .execute();
    const all = { practices, sites, agents };
    for (const name of ['practices', 'sites', 'agents'] as const) {
      const known = all[name].filter((row) => own === undefined || row.practice_id === own);
      if (known.length < scope[name].length)
        throw invalid(`scope.${name}`, 'has an id that is not known');
    }
    const rows = [...practices, ...sites, ...agents];
    return [...new Set(rows.map((row) => row.practice_id))].sort();
  }

  private async requireSoftware(scope: IncidentScope): Promise<void> {
    const integrators = await this.database
      .selectFrom('integrators')
      .select('integrator_id')
      .where('integrator_id', 'in', ['', ...scope.integrators])
      .execute();
    if (integrators.length < scope.integrators.length)
      throw invalid('scope.integrators', 'has an id that is not known');
    const keys = await this.database
      .selectFrom('api_keys')
      .select('key_id')
      .where('key_id', 'in', ['', ...scope.keys])
      .execute();
    if (keys.length < scope.keys.length) throw invalid('scope.keys', 'has an id that is not known');
  }

  private async zoneOf(practiceIds: readonly string[]): Promise<string> {
    const rows = await this.database
      .selectFrom('practices')
      .select('time_zone')
      .distinct()
      .where('practice_id', 'in', ['', ...practiceIds])
      .execute();
    return rows.length === 1 ? (rows[0]?.time_zone ?? ZONE_OF_MANY) : ZONE_OF_MANY;
  }
}

export const invalid = (field: string, problem: string): ConduitError =>
  new ConduitError('REQUEST_INVALID', { facts: { field, problem } });
