/** Which sites an agent may speak of: those the registry says it serves, whatever the message says. */
import type { Kysely, Transaction } from 'kysely';

import type { AgentPeer } from '#apps/broker/src/gateway/agent-peer.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

/** The agent whose message it is, as the handshake of its link proved it. */
export type SpeakingAgent = Pick<AgentPeer, 'agentId' | 'practiceId'>;

type Store = Kysely<Database> | Transaction<Database>;

export interface AgentSite {
  siteId: string;
  name: string;
}

export async function sitesOf(store: Store, peer: SpeakingAgent): Promise<AgentSite[]> {
  return store
    .selectFrom('sites')
    .select(['site_id as siteId', 'name'])
    .where('agent_id', '=', peer.agentId)
    .where('practice_id', '=', peer.practiceId)
    .execute();
}

/** @throws ConduitError SITE_NOT_FOUND when any of the sites is not the agent's own */
export async function requireOwnSites(
  store: Store,
  peer: SpeakingAgent,
  siteIds: readonly string[],
): Promise<void> {
  const own = new Set((await sitesOf(store, peer)).map(({ siteId }) => siteId));
  if (!siteIds.every((siteId) => own.has(siteId))) throw new ConduitError('SITE_NOT_FOUND');
}
