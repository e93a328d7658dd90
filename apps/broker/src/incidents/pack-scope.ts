/** Where an incident's evidence is: agents and their sites, and what else was done there. */
import { Injectable } from '@nestjs/common';
import { Kysely, sql, type RawBuilder } from 'kysely';
import { queryTypes } from '#apps/broker/src/incidents/broker-evidence.js';
import type { IncidentScope } from '#libs/console-api/incidents.js';
import type { Database } from '#libs/db/schema.js';
import type { EvidenceAgent } from '#libs/incidents/gather-evidence.js';
import type { PackParts } from '#libs/incidents/pack-content.js';

@Injectable()
export class PackScope {
  constructor(private readonly database: Kysely<Database>) {}

  /** Sites without an agent stand together, by practice. */
  async agents(scope: IncidentScope): Promise<EvidenceAgent[]> {
    const rows = await this.database
      .selectFrom('sites')
      .select(['site_id', 'practice_id', 'agent_id'])
      .$if(scope.practices.length > 0, (query) => query.where('practice_id', 'in', scope.practices))
      .$if(scope.sites.length > 0, (query) => query.where('site_id', 'in', scope.sites))
      .$if(scope.agents.length > 0, (query) => query.where('agent_id', 'in', scope.agents))
      .execute();
    const reached = await this.reached(scope);
    const found = new Map<string, EvidenceAgent & { siteIds: string[] }>();
    for (const { site_id: siteId, practice_id: practiceId, agent_id: agentId } of rows) {
      if (reached && !reached.has(practiceId)) continue;
      const key = agentId ?? ` ${practiceId}`;
      const known = found.get(key) ?? {
        ...(agentId !== null && { agentId }),
        ...{ practiceId, siteIds: [] },
      };
      known.siteIds.push(siteId);
      found.set(key, known);
    }
    return [...found.entries()]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([, one]) => one);
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
