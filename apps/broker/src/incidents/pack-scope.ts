/** Where an incident's evidence is: agents and their sites, and what else was done there. */
import { Injectable } from '@nestjs/common';
import { Kysely, sql, type RawBuilder } from 'kysely';
import { queryTypes } from '#apps/broker/src/incidents/broker-evidence.js';
import { PracticeServers } from '#apps/broker/src/incidents/practice-servers.js';
import type { IncidentScope } from '#libs/console-api/incidents.js';
import type { Database } from '#libs/db/schema.js';
import type { EvidenceAgent } from '#libs/incidents/gather-evidence.js';
import type { PackParts } from '#libs/incidents/pack-content.js';
import { turnsOf, type SiteTurn } from '#libs/incidents/site-turns.js';

@Injectable()
export class PackScope {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly servers: PracticeServers,
  ) {}

  /** Those that had a site within the window, and those that are named. Sites without one stand together, by practice. */
  async agents(scope: IncidentScope): Promise<EvidenceAgent[]> {
    const reached = await this.reached(scope);
    const found: EvidenceAgent[] = [];
    for (const [practiceId, { agents, sites }] of await this.servers.of(scope)) {
      if (reached && !reached.has(practiceId)) continue;
      const siteIds = new Map<string | undefined, string[]>();
      for (const { agentId } of agents)
        if (scope.agents.includes(agentId)) siteIds.set(agentId, []);
      for (const turn of turnsOf(agents, sites)) {
        if (!fits(turn, scope)) continue;
        siteIds.set(turn.agentId, [...(siteIds.get(turn.agentId) ?? []), turn.siteId]);
      }
      for (const [agentId, own] of siteIds)
        found.push({ ...(agentId !== undefined && { agentId }), practiceId, siteIds: own });
    }
    const keyOf = ({ agentId, practiceId }: EvidenceAgent): string => agentId ?? ` ${practiceId}`;
    return found.sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
  }

  /** Everything of the window that is no query of a practice, by practice and type. */
  async acts({
    practices,
    sites,
    agents,
    integrators,
    keys,
    from,
    to,
  }: IncidentScope): Promise<PackParts['acts']> {
    const named = (field: string, ids: readonly string[]): RawBuilder<unknown> =>
      ids.length === 0
        ? sql`true`
        : sql`substring(record from ${`"${field}":"([A-Za-z0-9_.:-]{1,128})"`}) = any(${[...ids]})`;
    const isOf = (column: 'practice_id' | 'integrator_id', ids: readonly string[]) =>
      ids.length === 0 ? sql`true` : sql`${sql.ref(column)} = any(${[...ids]})`;
    const { rows } = await sql<{ practice_id: string | null; type: string; count: string }>`
      select practice_id, type, count(*) as count from audit_records
      where recorded_at >= ${new Date(from)} and recorded_at < ${new Date(to)}
        and type is not null and (practice_id is null or type <> all(${queryTypes}))
        and ${isOf('practice_id', practices)} and ${isOf('integrator_id', integrators)}
        and ${named('site', sites)} and ${named('agent', agents)} and ${named('keyId', keys)}
      group by practice_id, type`.execute(this.database);
    return rows.map(({ practice_id: practiceId, type, count }) => ({
      ...(practiceId !== null && { practiceId }),
      ...{ type, count: Number(count) },
    }));
  }

  /** Practices where this software has or had a permission, or was heard of in the window; absent: all. */
  private async reached({
    integrators,
    keys,
    from,
    to,
  }: IncidentScope): Promise<Set<string> | undefined> {
    if (integrators.length + keys.length === 0) return undefined;
    const { rows } = await sql<{ practice_id: string }>`
      with software as (
        select integrator_id from integrators where integrator_id = any(${integrators})
        union
        select integrator_id from api_keys where key_id = any(${keys})
      )
      select practice_id from grants
        join sites using (site_id) join software using (integrator_id)
      union
      select practice_id from audit_records join software using (integrator_id)
        where practice_id is not null
          and recorded_at >= ${new Date(from)} and recorded_at < ${new Date(to)}`.execute(
      this.database,
    );
    return new Set(rows.map((row) => row.practice_id));
  }
}

/** An agent that had the site in the window, or has it now where nobody knows of another. */
function fits(
  { siteId, agentId = '', fromMs = -Infinity, toMs = Infinity }: SiteTurn,
  scope: IncidentScope,
) {
  const { sites, agents, from, to } = scope;
  const isOf = (ids: readonly string[], id: string): boolean =>
    ids.length === 0 || ids.includes(id);
  const isWithin = fromMs < Date.parse(to) && toMs > Date.parse(from);
  return isOf(sites, siteId) && isOf(agents, agentId) && isWithin;
}
