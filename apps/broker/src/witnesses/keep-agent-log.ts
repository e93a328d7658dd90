/**
 * Keeps the newest head of each agent's own log. A head is only taken that provably continues the last
 * one, under the first key that the agent's identity key has vouched for; each becomes a leaf of the
 * broker's log in the same transaction. What contradicts an earlier head is kept as evidence, told of in the agent's
 * timeline, and nothing more is taken of that log.
 */
import { Injectable } from '@nestjs/common';
import { Kysely, type Transaction, type Updateable } from 'kysely';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { noteAct } from '#apps/broker/src/fleet/note-act.js';
import { agentLogOrigin, isLogKeyBound } from '#libs/audit/agent-log-key.js';
import { openCheckpoint, type Checkpoint } from '#libs/audit/checkpoint.js';
import { parseVerifierKey } from '#libs/audit/signed-note.js';
import { EMPTY_ROOT } from '#libs/audit/tree-hash.js';
import { verifyConsistency } from '#libs/audit/verify-proofs.js';
import { parseWitnessRequest, type WitnessRequest } from '#libs/audit/witness-request.js';
import type { PublishLogHeadAnswer, WitnessAlarm } from '#libs/contracts/link-messages.js';
import type { AgentLogsTable } from '#libs/db/agent-logs-tables.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';
import { publicKeyFromRaw } from '#libs/pki/keys.js';

export interface ToldHead {
  agentId: string;
  practiceId: string;
  verifierKey: string;
  bound: Buffer;
  /** As tlog-witness has it. */
  body: string;
}

type Kept = {
  verifierKey: string;
  size: number;
  root: Buffer;
  wasShorter: boolean;
  alarm: WitnessAlarm | null;
};

type Verdict = 'good' | 'known' | WitnessAlarm | { size: number; isShorter: boolean };

@Injectable()
export class KeepAgentLog {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly audit: AuditTrail,
    private readonly config: BrokerConfig,
    private readonly clock: Clock,
  ) {}

  /**
   * @returns what the agent is answered, and whether an alarm is new
   * @throws ConduitError REQUEST_INVALID for what is no head of this agent's log
   */
  execute(told: ToldHead): Promise<{ answer: PublishLogHeadAnswer; isNew: boolean }> {
    const { request, checkpoint } = this.open(told);
    return this.database.transaction().execute(async (within) => {
      const kept = await this.keptOf(within, told);
      if (kept.alarm) return { answer: { alarm: kept.alarm }, isNew: false };
      const verdict = judge(kept, told, request, checkpoint);
      if (typeof verdict === 'object') {
        await update(within, told.agentId, { was_shorter: verdict.isShorter });
        return { answer: { size: verdict.size }, isNew: false };
      }
      if (verdict === 'good') await this.keep(within, told, request, checkpoint);
      if (verdict === 'good' || verdict === 'known') return { answer: {}, isNew: false };
      await this.raise(within, told, request, verdict);
      return { answer: { alarm: verdict }, isNew: true };
    });
  }

  private open({ agentId, verifierKey, body }: ToldHead) {
    const request = parseWitnessRequest(body);
    const key = parseVerifierKey(verifierKey);
    const isNamed = key?.name === agentLogOrigin(this.config.trustDomain, agentId);
    const opened = request && isNamed && openCheckpoint(request.signedCheckpoint, key);
    if (!request || !opened)
      throw new ConduitError('REQUEST_INVALID', { facts: { field: 'body' } });
    return { request, checkpoint: opened.checkpoint };
  }

  /** Held until the transaction ends; begun where the agent tells of its log for the first time. */
  private async keptOf(within: Transaction<Database>, told: ToldHead): Promise<Kept> {
    const { agentId, verifierKey, bound } = told;
    const agent = await within
      .selectFrom('agents')
      .select('identity_public_key')
      .where('agent_id', '=', agentId)
      .executeTakeFirstOrThrow();
    const identity = publicKeyFromRaw('ed25519', agent.identity_public_key);
    if (!isLogKeyBound(verifierKey, bound, identity))
      throw new ConduitError('REQUEST_INVALID', { facts: { field: 'bound' } });
    const first = { verifier_key: verifierKey, key_signature: bound, root: EMPTY_ROOT, signed: '' };
    await within
      .insertInto('agent_logs')
      .values({ agent_id: agentId, ...first, size: 0, said_at: new Date(this.clock.now()) })
      .onConflict((conflict) => conflict.column('agent_id').doNothing())
      .execute();
    const row = await within
      .selectFrom('agent_logs')
      .selectAll()
      .where('agent_id', '=', agentId)
      .forUpdate()
      .executeTakeFirstOrThrow();
    const { root, alarm, was_shorter: wasShorter } = row;
    return { verifierKey: row.verifier_key, size: Number(row.size), root, wasShorter, alarm };
  }

  private async keep(
    within: Transaction<Database>,
    { agentId, practiceId }: ToldHead,
    { signedCheckpoint }: WitnessRequest,
    { size, root }: Checkpoint,
  ): Promise<void> {
    const said_at = new Date(this.clock.now());
    await update(within, agentId, {
      ...{ size, root, said_at, signed: signedCheckpoint, was_shorter: false },
    });
    const head = { logSize: size, logRoot: root.toString('base64') };
    const about = { practice: practiceId, agent: agentId };
    await this.audit.record({ type: 'agent-log.checkpoint', ...about, ...head }, within);
  }

  private async raise(
    within: Transaction<Database>,
    { agentId }: ToldHead,
    { signedCheckpoint }: WitnessRequest,
    alarm: WitnessAlarm,
  ): Promise<void> {
    const at = new Date(this.clock.now());
    await update(within, agentId, { alarm, alarmed_at: at, alarm_evidence: signedCheckpoint });
    await noteAct(within, { agentId, kind: 'agent-log-alarm', actorRef: null, at, cause: alarm });
  }
}

function judge(
  kept: Kept,
  { verifierKey }: ToldHead,
  { oldSize, proof }: WitnessRequest,
  head: Checkpoint,
): Verdict {
  if (verifierKey !== kept.verifierKey) return 'other-log';
  // One that was overtaken on its way is shorter once; asked again, the agent has a longer one.
  if (head.size < kept.size)
    return kept.wasShorter ? 'roll-back' : { size: kept.size, isShorter: true };
  if (head.size === kept.size) return head.root.equals(kept.root) ? 'known' : 'fork';
  if (oldSize !== kept.size) return { size: kept.size, isShorter: false };
  return verifyConsistency(kept, head, proof) ? 'good' : 'fork';
}

async function update(
  within: Transaction<Database>,
  agentId: string,
  set: Updateable<AgentLogsTable>,
): Promise<void> {
  await within.updateTable('agent_logs').set(set).where('agent_id', '=', agentId).execute();
}
