import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import type { AgentPeer } from '#apps/broker/src/gateway/agent-peer.js';
import { lockActiveAgent } from '#apps/broker/src/gateway/lock-active-agent.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';

/** Takes the agent's new X25519 key. The same key again changes nothing: the agent missed the answer. */
@Injectable()
export class RotateEncryptionKey {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly audit: AuditTrail,
    private readonly broadcast: Broadcast,
    private readonly clock: Clock,
  ) {}

  /** @param publicKey raw, 32 bytes */
  async execute({ agentId, practiceId, serial }: AgentPeer, publicKey: Buffer): Promise<void> {
    await this.database.transaction().execute(async (within) => {
      const agent = await lockActiveAgent(within, agentId);
      if (agent.encryption_public_key.equals(publicKey)) return;
      const now = new Date(this.clock.now());
      await within
        .updateTable('agents')
        .set({ encryption_public_key: publicKey, encryption_key_since: now, updated_at: now })
        .where('agent_id', '=', agentId)
        .execute();
      const record = { practice: practiceId, agent: agentId, certSerial: serial };
      await this.audit.record({ type: 'encryption-key.rotated', ...record }, within);
    });
    await this.broadcast.publish('agent.changed', agentId);
  }
}
