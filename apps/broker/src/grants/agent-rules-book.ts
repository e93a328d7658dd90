import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';

import type { Database } from '#libs/db/schema.js';
import { verifyRules, type AgentRules } from '#libs/grants/agent-rules.js';
import { publicKeyFromRaw } from '#libs/pki/keys.js';

export interface RulesOfAgent {
  agentId: string;
  /** Raw Ed25519 identity key. */
  identityKey: Buffer;
  /** Absent: the agent has not said, or what is stored is not its word. */
  rules?: AgentRules;
}

/** What each agent last said counts on its server. Information: the agent goes by its own files. */
@Injectable()
export class AgentRulesBook {
  constructor(private readonly database: Kysely<Database>) {}

  /** Agents of the practice that were not revoked. */
  async ofPractice(practiceId: string): Promise<RulesOfAgent[]> {
    const rows = await this.database
      .selectFrom('agents')
      .leftJoin('agent_rules', 'agent_rules.agent_id', 'agents.agent_id')
      .select(['agents.agent_id', 'identity_public_key', 'signed'])
      .where('practice_id', '=', practiceId)
      .where('state', '!=', 'revoked')
      .orderBy('agents.created_at')
      .execute();
    return rows.map(({ agent_id: agentId, identity_public_key: identityKey, signed }) => {
      const rules = verifyRules(signed, publicKeyFromRaw('ed25519', identityKey));
      return { agentId, identityKey, ...(rules?.agentId === agentId && { rules }) };
    });
  }
}
