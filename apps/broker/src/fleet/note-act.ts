import type { Kysely } from 'kysely';
import type { AgentEventKind } from '#libs/console-api/operator.js';
import type { Database } from '#libs/db/schema.js';

/** What somebody did to an agent, in its timeline; of the practice's own people nobody is named there. */
export async function noteAct(
  within: Kysely<Database>,
  act: { agentId: string; kind: AgentEventKind; actorRef: string | null; at: Date; cause?: string },
): Promise<void> {
  const { agentId, kind, actorRef, at, cause = null } = act;
  const row = { agent_id: agentId, at, kind, state: null, cause, actor_ref: actorRef };
  await within.insertInto('agent_events').values(row).execute();
}
