import { Injectable } from '@nestjs/common';
import { Kysely, type Transaction } from 'kysely';

import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import type { SpeakingAgent } from '#apps/broker/src/grants/agent-sites.js';
import { firmDays } from '#apps/broker/src/grants/grant-proposal.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { verifyRules, type AgentRules, type SignedRules } from '#libs/grants/agent-rules.js';
import { canonicalJson } from '#libs/grants/canonical-json.js';
import { Clock } from '#libs/kernel/clock.js';
import { publicKeyFromRaw } from '#libs/pki/keys.js';

const DAY_MS = 86_400_000;

/** What the agent says, apart from when. */
const gist = ({ at: _, ...rules }: AgentRules): string => canonicalJson(rules);

/**
 * Keeps what an agent says counts on its server. When that has changed, what it refused for want of
 * an approver or because of its ceiling waits again: it may be taken now.
 */
@Injectable()
export class RecordAgentRules {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
  ) {}

  /** @throws ConduitError GRANT_INVALID when it is not this agent's word */
  async execute(peer: SpeakingAgent, signed: SignedRules): Promise<void> {
    await this.database.transaction().execute(async (within) => {
      const { identity_public_key: raw, signed: kept } = await within
        .selectFrom('agents')
        .leftJoin('agent_rules', 'agent_rules.agent_id', 'agents.agent_id')
        .select(['identity_public_key', 'signed'])
        .where('agents.agent_id', '=', peer.agentId)
        .executeTakeFirstOrThrow();
      const key = publicKeyFromRaw('ed25519', raw);
      const rules = verifyRules(signed, key);
      if (rules?.agentId !== peer.agentId)
        throw new ConduitError('GRANT_INVALID', { facts: { reason: 'statement' } });
      const before = verifyRules(kept, key);
      if (before && gist(before) === gist(rules)) return;
      await this.keep(within, peer, signed);
      await this.waitAgain(within, peer);
      await this.recordApprovers(within, peer, before?.approvers ?? [], rules.approvers);
    });
  }

  private async keep(
    within: Transaction<Database>,
    { agentId }: SpeakingAgent,
    rules: SignedRules,
  ): Promise<void> {
    const said = { signed: JSON.stringify(rules), updated_at: new Date(this.clock.now()) };
    await within
      .insertInto('agent_rules')
      .values({ agent_id: agentId, ...said })
      .onConflict((row) => row.column('agent_id').doUpdateSet(said))
      .execute();
  }

  private async waitAgain(
    within: Transaction<Database>,
    { agentId }: SpeakingAgent,
  ): Promise<void> {
    await within
      .updateTable('grant_proposals')
      .set({ state: 'proposed', refused_code: null, refused_reason: null, decided_at: null })
      .where('agent_id', '=', agentId)
      .where('state', '=', 'refused')
      .where((row) =>
        row.or([
          row('refused_code', '=', 'GRANT_CEILING'),
          row('refused_reason', '=', 'approver-unknown'),
        ]),
      )
      .where((row) =>
        row.or([
          row('revokes', '=', true),
          row('created_at', '>', new Date(this.clock.now() - firmDays * DAY_MS)),
        ]),
      )
      .execute();
  }

  private async recordApprovers(
    within: Transaction<Database>,
    { agentId, practiceId }: SpeakingAgent,
    before: AgentRules['approvers'],
    after: AgentRules['approvers'],
  ): Promise<void> {
    const ids = (list: AgentRules['approvers']) => new Set(list.map((one) => one.approverId));
    const [had, has] = [ids(before), ids(after)];
    const acts = [
      ...[...has].filter((id) => !had.has(id)).map((id) => ['approver.admitted', id] as const),
      ...[...had].filter((id) => !has.has(id)).map((id) => ['approver.removed', id] as const),
    ];
    for (const [type, approverId] of acts)
      await this.audit.record(
        { type, practice: practiceId, agent: agentId, keyId: approverId, actorRef: agentId },
        within,
      );
  }
}
