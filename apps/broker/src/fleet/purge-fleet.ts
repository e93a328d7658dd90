import { Injectable } from '@nestjs/common';
import { Kysely, sql } from 'kysely';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';

const DAY_MS = 86_400_000;

export const fleetKept = {
  /** Timelines, closed alerts, decided requests and diagnoses. */
  keptMs: 90 * DAY_MS,
  /** Of one agent: one that comes and goes all day must not fill the store. */
  eventsEach: 1_000,
} as const;

/** Forgets what the fleet's pages have no use for; the audit trail keeps every act. */
@Injectable()
export class PurgeFleet {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly clock: Clock,
  ) {}

  async execute(): Promise<void> {
    const before = new Date(this.clock.now() - fleetKept.keptMs);
    await this.database.deleteFrom('agent_events').where('at', '<', before).execute();
    await sql`delete from agent_events where event_id in (
      select event_id from (
        select event_id, row_number() over (partition by agent_id order by event_id desc) as place
        from agent_events where agent_id in (
          select agent_id from agent_events group by agent_id having count(*) > ${fleetKept.eventsEach})
      ) as placed where place > ${fleetKept.eventsEach})`.execute(this.database);
    await this.database.deleteFrom('alerts').where('closed_at', '<', before).execute();
    await this.database
      .deleteFrom('act_requests')
      .where('asked_at', '<', before)
      .where('expires_at', '<', before)
      .execute();
    await this.database.deleteFrom('agent_diagnoses').where('asked_at', '<', before).execute();
  }
}
