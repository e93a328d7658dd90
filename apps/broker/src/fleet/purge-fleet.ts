import { Injectable } from '@nestjs/common';
import { Kysely, sql } from 'kysely';
import { heldKeys } from '#apps/broker/src/retention/held-keys.js';
import type { Database } from '#libs/db/schema.js';

export const fleetKept = {
  /** Of one agent: one that comes and goes all day must not fill the store. */
  eventsEach: 1_000,
} as const;

/** Keeps timelines short, but for what is held. By their age their entries go by the retention schedule. */
@Injectable()
export class PurgeFleet {
  constructor(private readonly database: Kysely<Database>) {}

  async execute(): Promise<void> {
    await sql`delete from agent_events where event_id in (
      select event_id from (
        select event_id, row_number() over (partition by agent_id order by event_id desc) as place
        from agent_events where agent_id in (
          select agent_id from agent_events group by agent_id having count(*) > ${fleetKept.eventsEach})
      ) as placed where place > ${fleetKept.eventsEach})
      and 'e:' || event_id::text not in (${heldKeys('server-timeline')})`.execute(this.database);
  }
}
