import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { given } from '#apps/broker/src/fleet/fleet-agent.js';
import type { AgentEvents } from '#libs/console-api/operator.js';
import type { Database } from '#libs/db/schema.js';

const PAGE = 50;

/** What became of an agent, the latest first. Names are those of the operator's own staff. */
@Injectable()
export class ReadTimeline {
  constructor(private readonly database: Kysely<Database>) {}

  /** @param before `next` of the page before */
  async execute(agentId: string, before: string | undefined): Promise<AgentEvents> {
    const rows = await this.database
      .selectFrom('agent_events as event')
      .leftJoin('people', 'people.person_id', 'event.actor_ref')
      .select(['event_id', 'at', 'kind', 'state', 'cause', 'people.name'])
      .where('agent_id', '=', agentId)
      .$if(before !== undefined, (query) => query.where('event_id', '<', before!))
      .orderBy('event_id', 'desc')
      .limit(PAGE + 1)
      .execute();
    const events = rows.slice(0, PAGE).map((row) => ({
      eventId: row.event_id,
      at: row.at.toISOString(),
      kind: row.kind,
      ...given('state', row.state),
      ...given('cause', row.cause),
      ...given('by', row.name),
    }));
    return rows.length > PAGE ? { events, next: events.at(-1)!.eventId } : { events };
  }
}
