import type { Kysely } from 'kysely';
import type { AgentEventKind } from '#libs/console-api/operator.js';
import type { Database } from '#libs/db/schema.js';

/** What staff did to an agent, in its timeline. */
export async function noteAct(
  within: Kysely<Database>,
  act: { agentId: string; kind: AgentEventKind; actorRef: string; at: Date; cause?: string },
): Promise<void> {
  const { agentId, kind, actorRef, at, cause = null } = act;
  const row = { agent_id: agentId, at, kind, state: null, cause, actor_ref: actorRef };
  await within.insertInto('agent_events').values(row).execute();
}
