import { Injectable } from '@nestjs/common';
import { Kysely, type Transaction } from 'kysely';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

export const revocationReasons = ['key-compromised', 'replaced', 'left', 'operator'] as const;
export type RevocationReason = (typeof revocationReasons)[number];

export const quarantineReasons = ['stale-join', 'second-live-link', 'operator'] as const;
export type QuarantineReason = (typeof quarantineReasons)[number];

export interface BlockTerms {
  /** Who decided it, for the audit; absent: the broker itself. */
  actorRef?: string;
  /** Stored with it or not at all; what it throws keeps everything as it was. */
  also?: (within: Transaction<Database>) => Promise<void>;
}

/**
 * Shuts an agent out, or ends its quarantine. State and audit record are stored together or not at all; then every node is
 * told to cut its links. From the moment a block is stored no handshake, renewal or recovery succeeds.
 */
@Injectable()
export class BlockAgent {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly audit: AuditTrail,
    private readonly broadcast: Broadcast,
    private readonly clock: Clock,
    private readonly log: EventLog,
  ) {}

  /** For good: the agent must enrol anew. @returns whether there was such an agent to revoke */
  async revoke(agentId: string, reason: RevocationReason, terms?: BlockTerms): Promise<boolean> {
    const from = ['active', 'quarantined'] as const;
    const revoked = await this.change(agentId, 'revoked', reason, from, terms);
    if (revoked) this.log.write('agent.revoked', { agentId });
    return revoked;
  }

  /** As `revoke`, of an agent that is quarantined and no other. */
  async revokeQuarantined(
    agentId: string,
    reason: RevocationReason,
    terms?: BlockTerms,
  ): Promise<boolean> {
    const revoked = await this.change(agentId, 'revoked', reason, ['quarantined'], terms);
    if (revoked) this.log.write('agent.revoked', { agentId });
    return revoked;
  }

  /** Until the practice's owner says which machine is the right one. */
  async quarantine(
    agentId: string,
    reason: QuarantineReason,
    terms?: BlockTerms,
  ): Promise<boolean> {
    const quarantined = await this.change(agentId, 'quarantined', reason, ['active'], terms);
    if (quarantined) this.log.write('agent.quarantined', { agentId, reason });
    return quarantined;
  }

  /**
   * Ends a quarantine. The count of joins starts anew: whichever machine holds the identity key next
   * passes once. While it is frozen for an incident only the end of that freeze, by `terms.also`, lets it in.
   * @returns whether the agent was quarantined
   * @throws ConduitError ACCESS_FROZEN
   */
  async readmit(agentId: string, reason: string, terms: BlockTerms = {}): Promise<boolean> {
    const actorRef = terms.actorRef ?? 'operator';
    const anew = { state_reason: null, join_sequence: 0, join_id: null, instance_id: null };
    const readmitted = await this.database.transaction().execute(async (within) => {
      const row = await within
        .updateTable('agents')
        .set({ state: 'active', ...anew, updated_at: new Date(this.clock.now()) })
        .where('agent_id', '=', agentId)
        .where('state', '=', 'quarantined')
        .returning('practice_id')
        .executeTakeFirst();
      if (!row) return false;
      const record = { practice: row.practice_id, agent: agentId, reason, actorRef };
      await this.audit.record({ type: 'agent.released', ...record }, within);
      await terms.also?.(within);
      if (await isFrozen(within, agentId)) throw new ConduitError('ACCESS_FROZEN');
      return true;
    });
    if (readmitted) this.log.write('agent.released', { agentId });
    await this.broadcast.publish('agent.changed', agentId);
    return readmitted;
  }

  private async change(
    agentId: string,
    state: 'revoked' | 'quarantined',
    reason: RevocationReason | QuarantineReason,
    from: readonly ('active' | 'quarantined')[],
    { actorRef, also }: BlockTerms = {},
  ): Promise<boolean> {
    const changed = await this.database.transaction().execute(async (within) => {
      const row = await within
        .updateTable('agents')
        .set({ state, state_reason: reason, updated_at: new Date(this.clock.now()) })
        .where('agent_id', '=', agentId)
        .where('state', 'in', from)
        .returning('practice_id')
        .executeTakeFirst();
      if (!row) return false;
      const actor = actorRef === undefined ? {} : { actorRef };
      const record = { practice: row.practice_id, agent: agentId, reason, ...actor };
      await this.audit.record({ type: `agent.${state}`, ...record }, within);
      await also?.(within);
      return true;
    });
    await this.broadcast.publish('agent.changed', agentId);
    return changed;
  }
}

/** Its row is held by then, and a freeze takes it first: none comes in between. */
async function isFrozen(within: Transaction<Database>, agentId: string): Promise<boolean> {
  const freeze = await within
    .selectFrom('incident_freezes')
    .select('freeze_id')
    .where('kind', '=', 'agent')
    .where('target_id', '=', agentId)
    .where('thawed_at', 'is', null)
    .executeTakeFirst();
  return freeze !== undefined;
}
