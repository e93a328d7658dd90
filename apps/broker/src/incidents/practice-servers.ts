/** The servers that practices have and had, and their sites: also of a server that was enrolled anew since. */
import { Injectable } from '@nestjs/common';
import { Kysely, type SelectQueryBuilder } from 'kysely';
import type { IncidentScope, PackCut } from '#libs/console-api/incidents.js';
import type { Database } from '#libs/db/schema.js';
import type { EvidenceAgent } from '#libs/incidents/gather-evidence.js';
import {
  sitesToldBy,
  turnsOf,
  type KnownAgent,
  type KnownSite,
} from '#libs/incidents/site-turns.js';

interface Servers {
  agents: KnownAgent[];
  sites: (KnownSite & { holders: { agentId: string; sinceMs: number }[] })[];
}

@Injectable()
export class PracticeServers {
  constructor(private readonly database: Kysely<Database>) {}

  /** By practice: all of each that has something of every list that is not empty. */
  of({ practices, sites, agents }: Pick<IncidentScope, 'practices' | 'sites' | 'agents'>) {
    const { database } = this;
    let wanted = database.selectFrom('practices').select('practice_id');
    if (practices.length > 0) wanted = wanted.where('practice_id', 'in', practices);
    if (sites.length > 0)
      wanted = wanted.where('practice_id', 'in', (select) =>
        select.selectFrom('sites').select('practice_id').where('site_id', 'in', sites),
      );
    if (agents.length > 0)
      wanted = wanted.where('practice_id', 'in', (select) =>
        select.selectFrom('agents').select('practice_id').where('agent_id', 'in', agents),
      );
    return this.read(wanted);
  }

  /** @returns the same with when it had which site */
  async withTurns(about: EvidenceAgent): Promise<EvidenceAgent> {
    const { agentId, practiceId } = about;
    const found = await this.of({ practices: [practiceId], sites: [], agents: [] });
    const { agents = [], sites = [] } = found.get(practiceId) ?? {};
    return {
      ...about,
      turns: turnsOf(agents, sites).filter((turn) => turn.agentId === agentId),
      ...(agentId !== undefined && { toldSiteIds: sitesToldBy(agentId, agents, sites) }),
    };
  }

  private async read(wanted: Wanted): Promise<Map<string, Servers>> {
    const agents = await this.database
      .selectFrom('agents')
      .select(['agent_id', 'practice_id', 'created_at'])
      .where('practice_id', 'in', wanted)
      .orderBy('agent_id')
      .execute();
    const sites = await this.database
      .selectFrom('sites')
      .leftJoin('site_holders as holder', 'holder.site_id', 'sites.site_id')
      .leftJoin('agents', 'agents.agent_id', 'sites.agent_id')
      .select(['sites.site_id', 'sites.practice_id', 'sites.created_at', 'sites.agent_id as now'])
      .select(['agents.created_at as nowSince', 'holder.agent_id', 'since'])
      .where('sites.practice_id', 'in', wanted)
      .orderBy('sites.site_id')
      .orderBy('since')
      .execute();
    const found = new Map<string, Servers>();
    const serversOf = (practiceId: string): Servers => {
      const known = found.get(practiceId) ?? { agents: [], sites: [] };
      found.set(practiceId, known);
      return known;
    };
    for (const row of agents)
      serversOf(row.practice_id).agents.push({
        ...{ agentId: row.agent_id, enrolledMs: row.created_at.getTime() },
      });
    for (const row of sites) {
      const { sites: known } = serversOf(row.practice_id);
      // Where nobody was noted, whoever has it.
      const [agentId, since] = row.agent_id ? [row.agent_id, row.since] : [row.now, row.nowSince];
      const holder = agentId && since ? [{ agentId, sinceMs: since.getTime() }] : [];
      const last = known.at(-1);
      if (last?.siteId === row.site_id) last.holders.push(...holder);
      else
        known.push({
          ...{ siteId: row.site_id, knownSinceMs: row.created_at.getTime(), holders: holder },
        });
    }
    return found;
  }
}

type Wanted = SelectQueryBuilder<Database, 'practices', { practice_id: string }>;

/** What nobody can know any more of a server that was replaced, or of who replaced it. */
export function unsureOf({ agentId, practiceId, siteIds, turns = [] }: EvidenceAgent): PackCut[] {
  if (agentId === undefined) return [];
  const said = (words: string): PackCut => ({ reason: 'server-replaced', practiceId, words });
  if (siteIds.length === 0)
    return [
      said(
        `Server ${agentId} had none of the sites that are looked at in this time, as far as is known: only what its own log has alone is counted with it.`,
      ),
    ];
  return turns
    .filter(({ siteId, isSure }) => !isSure && siteIds.includes(siteId))
    .map(({ siteId }) =>
      said(
        `Site ${siteId} was taken over by another server, and not every server that it had before is known for certain. What was asked there meanwhile is counted with server ${agentId}; what is not in its log is not compared.`,
      ),
    );
}
