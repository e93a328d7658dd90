import type { Transaction } from 'kysely';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

/**
 * Reads an agent and keeps a revocation out until the transaction ends: what is done for it now was
 * done before it was revoked, or not at all.
 * @throws ConduitError AGENT_REVOKED, AGENT_QUARANTINED, AGENT_IDENTITY_REFUSED
 */
export async function lockActiveAgent(within: Transaction<Database>, agentId: string) {
  const agent = await within
    .selectFrom('agents')
    .selectAll()
    .where('agent_id', '=', agentId)
    .forUpdate()
    .executeTakeFirst();
  if (!agent) throw new ConduitError('AGENT_IDENTITY_REFUSED');
  if (agent.state === 'revoked') throw new ConduitError('AGENT_REVOKED');
  if (agent.state === 'quarantined') throw new ConduitError('AGENT_QUARANTINED');
  return agent;
}
