import { Injectable } from '@nestjs/common';
import { Kysely, sql } from 'kysely';

import { EVERYONE } from '#apps/broker/src/grants/live-pauses.js';
import type { Database } from '#libs/db/schema.js';
import { MAX_PAUSED, type PausesAsTold } from '#libs/grants/pause-messages.js';
import { Clock } from '#libs/kernel/clock.js';

export interface PausesOfAgent {
  agentId: string;
  /** Since when each pause is in force there, by integrator or EVERYONE. */
  since: ReadonlyMap<string, string>;
}

/** What each agent is to hold of its practice's pauses, and what it has said that it holds. */
@Injectable()
export class PausesAtAgents {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly clock: Clock,
  ) {}

  /** Agents of the practice that were not revoked. */
  async ofPractice(practiceId: string): Promise<PausesOfAgent[]> {
    const rows = await this.database
      .selectFrom('agents')
      .leftJoin('pauses_at_agents', 'pauses_at_agents.agent_id', 'agents.agent_id')
      .select(['agents.agent_id', 'pauses'])
      .where('practice_id', '=', practiceId)
      .where('state', '!=', 'revoked')
      .orderBy('agents.created_at')
      .execute();
    return rows.map((row) => ({
      agentId: row.agent_id,
      since: new Map((row.pauses ?? []).map((one) => [one.integratorId, one.since])),
    }));
  }

  /** Everything that the practice has paused, and what was frozen there for an incident. */
  async wanted(practiceId: string, agentId: string): Promise<PausesAsTold> {
    // One statement: a change between two would send one revision under the number of another.
    const { rows } = await sql<{ pause_revision: string; integrator_id: string | null }>`
      with frozen as (
        select kind, target_id, practice_id from incident_freezes where thawed_at is null
      ),
      stopped as (
        select integrator_id from access_pauses where practice_id = ${practiceId}
        union
        select target_id from frozen
          where kind = 'integrator' and (practice_id is null or practice_id = ${practiceId})
        union
        -- The message has no sites: a server stops everybody once all of its sites are frozen.
        select ${EVERYONE} where exists (select from sites where agent_id = ${agentId})
          and not exists (
            select from sites where agent_id = ${agentId} and site_id not in (
              select target_id from frozen where kind = 'site'
            )
          )
      )
      select pause_revision, integrator_id
      from practices left join stopped on true
      where practices.practice_id = ${practiceId}
      order by integrator_id`.execute(this.database);
    const ids = rows.map((row) => row.integrator_id).filter((id) => id !== null);
    const integrators = ids.filter((id) => id !== EVERYONE);
    return {
      revision: Number(rows[0]?.pause_revision ?? 0),
      everyone: integrators.length < ids.length || integrators.length > MAX_PAUSED,
      integrators: integrators.slice(0, MAX_PAUSED),
    };
  }

  /** Of these agents, those that have not said that they hold what is wanted now. */
  async behind(agentIds: readonly string[]): Promise<string[]> {
    if (agentIds.length === 0) return [];
    const rows = await this.database
      .selectFrom('agents')
      .innerJoin('practices', 'practices.practice_id', 'agents.practice_id')
      .leftJoin('pauses_at_agents', 'pauses_at_agents.agent_id', 'agents.agent_id')
      .select('agents.agent_id')
      .where('agents.agent_id', 'in', agentIds)
      .where('pause_revision', '>', '0')
      .where((row) =>
        row.or([
          row('revision', 'is', null),
          row('revision', '!=', row.ref('pause_revision') as never),
        ]),
      )
      .execute();
    return rows.map((row) => row.agent_id);
  }

  /**
   * Notes what the agent said. One that is ahead holds what a store before this one, that was lost or
   * set back, once told it: the number is raised above its own, so that it can be told again.
   * @returns whether it has to be told once more
   */
  async confirmed(practiceId: string, agentId: string, held: PausesAsTold): Promise<boolean> {
    const now = new Date(this.clock.now()).toISOString();
    return this.database.transaction().execute(async (within) => {
      const before = await within
        .selectFrom('pauses_at_agents')
        .select('pauses')
        .where('agent_id', '=', agentId)
        .executeTakeFirst();
      const since = new Map(before?.pauses.map((one) => [one.integratorId, one.since]));
      const ids = [...(held.everyone ? [EVERYONE] : []), ...held.integrators];
      const pauses = ids.map((id) => ({ integratorId: id, since: since.get(id) ?? now }));
      const said = { revision: held.revision, pauses: JSON.stringify(pauses) };
      await within
        .insertInto('pauses_at_agents')
        .values({ agent_id: agentId, ...said })
        .onConflict((row) => row.column('agent_id').doUpdateSet(said))
        .execute();
      const raised = await within
        .updateTable('practices')
        .set({ pause_revision: String(held.revision + 1) })
        .where('practice_id', '=', practiceId)
        .where('pause_revision', '<', String(held.revision))
        .executeTakeFirst();
      return raised.numUpdatedRows > 0n;
    });
  }
}
