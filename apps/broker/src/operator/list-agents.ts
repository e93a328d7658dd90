/** How every agent stands, for whoever is called at night and has only curl: ids, words and times. */
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { AttachedLinks } from '#apps/broker/src/gateway/attached-links.js';
import type { SiteLoad } from '#libs/contracts/link-messages.js';
import type { ListAgentsDto } from '#libs/contracts/operator.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';

export interface AgentStanding {
  agentId: string;
  practiceId: string;
  state: 'active' | 'quarantined' | 'revoked';
  /** Why it is not active. */
  stateReason: string | null;
  /** `otherNode`: not linked here, yet heard within two minutes. With one node: it was just lost. */
  attached: 'thisNode' | 'otherNode' | 'no';
  lastSeenAt: string | null;
  version: string | null;
  /** Of its newest certificate. */
  certificateEndsAt: string | null;
  siteIds: string[];
  /** Sites whose agent holds work back to spare the practice's database server, and how much of it. */
  siteLoads: Record<string, SiteLoad>;
}

export interface AgentPage {
  agents: AgentStanding[];
  /** To be sent as `after` for the rest; absent at the end. */
  next?: string;
}

const PAGE = 500;
const SILENT_AFTER_MS = 120_000;

type SiteRow = {
  site_id: string;
  agent_version: string | null;
  load: SiteLoad;
  last_seen_at: Date | null;
  closed_at: Date | null;
};

const latest = (sites: SiteRow[]): Date | undefined =>
  sites
    .map((site) => site.last_seen_at)
    .filter((seen) => seen !== null)
    .sort((one, other) => other.getTime() - one.getTime())[0];

@Injectable()
export class ListAgents {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly attached: AttachedLinks,
    private readonly clock: Clock,
  ) {}

  async execute({ state, practiceId, after }: ListAgentsDto): Promise<AgentPage> {
    const rows = await this.database
      .selectFrom('agents')
      .select(['agent_id', 'practice_id', 'state', 'state_reason'])
      .$if(state !== undefined, (query) => query.where('state', '=', state!))
      .$if(practiceId !== undefined, (query) => query.where('practice_id', '=', practiceId!))
      .$if(after !== undefined, (query) => query.where('agent_id', '>', after!))
      .orderBy('agent_id')
      .limit(PAGE + 1)
      .execute();
    const page = rows.slice(0, PAGE);
    const ids = page.map(({ agent_id: id }) => id);
    const [ends, sites] = await Promise.all([this.certificateEnds(ids), this.sitesOf(ids)]);
    const agents = page.map((row): AgentStanding => {
      const own = sites.get(row.agent_id) ?? [];
      const lastSeen = latest(own);
      return {
        agentId: row.agent_id,
        practiceId: row.practice_id,
        state: row.state,
        stateReason: row.state_reason,
        attached: this.placeOf(row.agent_id, own, lastSeen),
        lastSeenAt: lastSeen?.toISOString() ?? null,
        version: own.find((site) => site.agent_version !== null)?.agent_version ?? null,
        certificateEndsAt: ends.get(row.agent_id)?.toISOString() ?? null,
        siteIds: own.map(({ site_id: id }) => id),
        siteLoads: Object.fromEntries(
          own.filter(({ load }) => load !== 'normal').map(({ site_id: id, load }) => [id, load]),
        ),
      };
    });
    return rows.length > PAGE ? { agents, next: ids.at(-1) as string } : { agents };
  }

  private placeOf(agentId: string, own: SiteRow[], lastSeen: Date | undefined) {
    if (this.attached.newest(agentId)) return 'thisNode';
    const isRecent = lastSeen && this.clock.now() - lastSeen.getTime() < SILENT_AFTER_MS;
    return isRecent && own.some((site) => site.closed_at === null) ? 'otherNode' : 'no';
  }

  private async certificateEnds(agentIds: string[]): Promise<Map<string, Date>> {
    if (agentIds.length === 0) return new Map();
    const rows = await this.database
      .selectFrom('agent_certificates')
      .select(({ fn }) => ['agent_id', fn.max('not_after').as('ends')])
      .where('agent_id', 'in', agentIds)
      .groupBy('agent_id')
      .execute();
    return new Map(rows.map((row) => [row.agent_id, new Date(row.ends)]));
  }

  private async sitesOf(agentIds: string[]): Promise<Map<string, SiteRow[]>> {
    if (agentIds.length === 0) return new Map();
    const rows = await this.database
      .selectFrom('sites')
      .select(['agent_id', 'site_id', 'agent_version', 'load', 'last_seen_at', 'closed_at'])
      .where('agent_id', 'in', agentIds)
      .orderBy('site_id')
      .execute();
    const byAgent = new Map<string, SiteRow[]>();
    for (const row of rows) {
      const agentId = row.agent_id as string;
      byAgent.set(agentId, [...(byAgent.get(agentId) ?? []), row]);
    }
    return byAgent;
  }
}
