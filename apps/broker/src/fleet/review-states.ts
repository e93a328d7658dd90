import { Injectable } from '@nestjs/common';
import { Kysely, sql } from 'kysely';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { readFleet, standingOfRow, type FleetRow } from '#apps/broker/src/fleet/fleet-row.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';

/** More changes than that are told as "many". */
const TOLD_EACH = 50;
export const MANY = '*';

/**
 * Works out how every agent stands and writes down what changed, with an entry in its timeline.
 * Whichever node changes a row first is the one that tells, so each change is told once.
 */
@Injectable()
export class ReviewStates {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly broadcast: Broadcast,
    private readonly clock: Clock,
  ) {}

  /**
   * @param isSure false while nobody could have been heard: then none becomes unreachable
   * @returns the fleet as it stands now
   */
  async execute(isSure: boolean): Promise<FleetRow[]> {
    const nowMs = this.clock.now();
    const rows = await readFleet(this.database);
    const changes = rows.flatMap((row) => {
      const standing = standingOfRow(row, nowMs);
      const { state } = standing;
      const [cause] = standing.causes;
      if (row.state === state && row.cause === cause) return [];
      if (!isSure && state === 'unreachable') return [];
      const before = { before_state: row.state, before_cause: row.cause };
      if (row.state !== state) row.state_since = new Date(nowMs);
      Object.assign(row, { state, cause });
      return [{ agent_id: row.agent_id, state, cause, ...before }];
    });
    if (changes.length > 0) await this.tell(await this.store(changes, new Date(nowMs)));
    return rows;
  }

  private async store(changes: object[], now: Date): Promise<string[]> {
    const { rows } = await sql<{ agent_id: string }>`
      with found as (
        select * from jsonb_to_recordset(${JSON.stringify(changes)}::jsonb) as found(
          agent_id text, state text, cause text, before_state text, before_cause text)
      ), moved as (
        update agent_health as health set
          state = found.state,
          cause = found.cause,
          state_since = case when health.state = found.state then health.state_since else ${now} end
        from found
        where health.agent_id = found.agent_id
          and health.state = found.before_state and health.cause = found.before_cause
        returning health.agent_id, health.state, health.cause
      )
      insert into agent_events (agent_id, at, kind, state, cause)
      select agent_id, ${now}, 'state', state, cause from moved
      returning agent_id`.execute(this.database);
    return rows.map((row) => row.agent_id);
  }

  private async tell(agentIds: string[]): Promise<void> {
    const told = agentIds.length > TOLD_EACH ? [MANY] : agentIds;
    await Promise.all(told.map((id) => this.broadcast.publish('fleet.changed', id)));
  }
}
