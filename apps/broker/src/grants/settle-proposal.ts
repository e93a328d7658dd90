import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';

import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import type { SpeakingAgent } from '#apps/broker/src/grants/agent-sites.js';
import { isFirm } from '#apps/broker/src/grants/grant-proposal.js';
import { StoreGrant } from '#apps/broker/src/grants/store-grant.js';
import type { Database } from '#libs/db/schema.js';
import { toConduitError, type ConduitError } from '#libs/errors/conduit-error.js';
import type { SignedReceipt } from '#libs/grants/grant-receipt.js';
import type { SignedGrant } from '#libs/grants/grant.js';
import { Clock } from '#libs/kernel/clock.js';

const AT_ONCE = 50;

/** The agent's own no to a document; anything else is no answer, and the document goes on waiting. */
const refusals: readonly string[] = ['GRANT_INVALID', 'GRANT_CEILING', 'GRANT_EXPIRED'];

export interface WaitingProposal {
  grantId: string;
  seq: number;
  integratorId: string;
  siteIds: string[];
  revokes: boolean;
  signed: SignedGrant;
}

/** What waits for an agent, and what became of it when the agent has answered. */
@Injectable()
export class SettleProposal {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly audit: AuditTrail,
    private readonly grants: StoreGrant,
    private readonly clock: Clock,
  ) {}

  /** Agents for which something waits: few at any time. */
  async agentsWaitedFor(): Promise<string[]> {
    const rows = await this.database
      .selectFrom('grant_proposals')
      .select('agent_id')
      .distinct()
      .where('state', '=', 'proposed')
      .where(isFirm(this.clock.now()))
      .execute();
    return rows.map((row) => row.agent_id);
  }

  /** Withdrawals first, then the oldest. */
  async waitingFor(agentId: string): Promise<WaitingProposal[]> {
    const rows = await this.database
      .selectFrom('grant_proposals')
      .select(['grant_id', 'seq', 'integrator_id', 'site_ids', 'revokes', 'signed'])
      .where('agent_id', '=', agentId)
      .where('state', '=', 'proposed')
      .where(isFirm(this.clock.now()))
      .orderBy('revokes', 'desc')
      .orderBy('created_at')
      .limit(AT_ONCE)
      .execute();
    return rows.map((row) => ({
      grantId: row.grant_id,
      seq: row.seq,
      integratorId: row.integrator_id,
      siteIds: row.site_ids,
      revokes: row.revokes,
      signed: row.signed as SignedGrant,
    }));
  }

  /** The agent has it: in force, or ended, with the agent's receipt. */
  async taken(
    peer: SpeakingAgent,
    proposal: WaitingProposal,
    receipt: SignedReceipt,
  ): Promise<void> {
    await this.grants.execute(peer, { signed: proposal.signed, receipt });
  }

  /** Notes the agent's no; whether it was one. A cut link or a full disk is none. */
  async refused(peer: SpeakingAgent, proposal: WaitingProposal, thrown: unknown): Promise<boolean> {
    const error = toConduitError(thrown);
    if (!refusals.includes(error.code)) return false;
    await this.database.transaction().execute(async (within) => {
      const { numUpdatedRows } = await within
        .updateTable('grant_proposals')
        .set({
          state: 'refused',
          refused_code: error.code,
          refused_reason: reasonOf(error),
          decided_at: new Date(this.clock.now()),
        })
        .where('grant_id', '=', proposal.grantId)
        .where('seq', '=', proposal.seq)
        .where('state', '=', 'proposed')
        .executeTakeFirst();
      if (numUpdatedRows === 0n) return;
      await this.audit.record(
        {
          type: 'grant.refused',
          practice: peer.practiceId,
          agent: peer.agentId,
          integrator: proposal.integratorId,
          grantId: proposal.grantId,
          grantSeq: proposal.seq,
          outcome: 'refused',
          errorCode: error.code,
          reason: reasonOf(error),
        },
        within,
      );
    });
    return true;
  }
}

/** The agent's word for it: a word, whatever the agent says. */
function reasonOf({ facts }: ConduitError): string {
  const { reason } = facts;
  return reason !== undefined && /^[A-Za-z][A-Za-z:-]{0,39}$/.test(reason) ? reason : 'unknown';
}
