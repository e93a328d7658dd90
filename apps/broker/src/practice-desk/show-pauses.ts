import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { EVERYONE } from '#apps/broker/src/grants/live-pauses.js';
import { PausesAtAgents, type PausesOfAgent } from '#apps/broker/src/grants/pauses-at-agents.js';
import { PracticeBook } from '#apps/broker/src/practice-desk/practice-book.js';
import type { Pause, Pauses, PauseAtServer } from '#libs/console-api/practice.js';
import type { Database } from '#libs/db/schema.js';

interface Server extends PausesOfAgent, Pick<PauseAtServer, 'siteNames' | 'isOnline'> {}

/** What a practice has paused, and at which of its servers that is in force by their own word. */
@Injectable()
export class ShowPauses {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly book: PracticeBook,
    private readonly atAgents: PausesAtAgents,
  ) {}

  async execute(practiceId: string): Promise<Pauses> {
    const rows = await this.database
      .selectFrom('access_pauses')
      .leftJoin('people', 'people.person_id', 'access_pauses.paused_by')
      .select(['integrator_id', 'paused_at', 'people.name'])
      .where('practice_id', '=', practiceId)
      .orderBy('paused_at')
      .execute();
    const servers = rows.length === 0 ? [] : await this.servers(practiceId);
    const pauses = rows.map((row) => ({
      integratorId: row.integrator_id,
      since: row.paused_at.toISOString(),
      ...(row.name !== null && { byName: row.name }),
      servers: servers.map((server) => pauseAt(server, row.integrator_id)),
    }));
    const all = pauses.find(({ integratorId }) => integratorId === EVERYONE);
    return {
      ...(all && { all: withoutWhom(all) }),
      integrators: pauses.filter((one) => one !== all),
    };
  }

  private async servers(practiceId: string): Promise<Server[]> {
    const sites = await this.book.sites(practiceId);
    const agents = await this.atAgents.ofPractice(practiceId);
    return agents.map((agent) => {
      const own = sites.filter(({ agentId }) => agentId === agent.agentId);
      const isOnline = own.some(({ availability }) => availability === 'online');
      return { ...agent, siteNames: own.map(({ name }) => name), isOnline };
    });
  }
}

function pauseAt({ siteNames, isOnline, since }: Server, integratorId: string): PauseAtServer {
  const at = since.get(integratorId);
  return { siteNames, isOnline, ...(at !== undefined && { since: at }) };
}

const withoutWhom = ({ integratorId: _, ...pause }: Pause & { integratorId: string }): Pause =>
  pause;
