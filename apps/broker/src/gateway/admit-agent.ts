import type { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { EnrolmentSettings } from '#apps/broker/src/enrolment/enrolment-settings.js';
import { readJoinClaim, type AgentPeer } from '#apps/broker/src/gateway/agent-peer.js';
import { AttachedLinks } from '#apps/broker/src/gateway/attached-links.js';
import { BlockAgent } from '#apps/broker/src/gateway/block-agent.js';
import type { Database } from '#libs/db/schema.js';
import type { ErrorCode } from '#libs/errors/catalogue.js';
import { Clock } from '#libs/kernel/clock.js';
import { Turns } from '#libs/kernel/turns.js';
import { readAgentName, type AgentName } from '#libs/pki/agent-uri.js';

export type Admission = { peer: AgentPeer } | { refuse: ErrorCode };

/**
 * Decides whether a client whose certificate OpenSSL has verified may have a link. The store is read
 * at every handshake: a certificate opens the door only while its serial is in force and its agent
 * active. The join's number then shows copies: it rises with each join, an agent writes it down
 * before it sends it, and only who knows the join's own id may try it again.
 */
@Injectable()
export class AdmitAgent {
  /** One join of one agent at a time: two that race are judged one after the other. */
  private readonly turns = new Turns();

  constructor(
    private readonly database: Kysely<Database>,
    private readonly settings: EnrolmentSettings,
    private readonly attached: AttachedLinks,
    private readonly block: BlockAgent,
    private readonly clock: Clock,
  ) {}

  async execute(certificate: X509Certificate, request: IncomingMessage): Promise<Admission> {
    const name = readAgentName(certificate);
    const join = readJoinClaim(request.headers);
    if (name?.trustDomain !== this.settings.trustDomain || !join) {
      return { refuse: 'AGENT_IDENTITY_REFUSED' };
    }
    const peer: AgentPeer = {
      agentId: name.agentId,
      practiceId: name.practiceId,
      serial: certificate.serialNumber.toLowerCase(),
      certificateEndsMs: Date.parse(certificate.validTo),
      join,
    };
    const problem = await this.turns.take(peer.agentId, () => this.examine(name, peer));
    return problem ? { refuse: problem } : { peer };
  }

  private async examine(name: AgentName, peer: AgentPeer): Promise<ErrorCode | undefined> {
    const row = await this.database
      .selectFrom('agents')
      .innerJoin('agent_certificates as certificate', 'certificate.agent_id', 'agents.agent_id')
      .select(['agents.practice_id', 'agents.state', 'certificate.revoked_at'])
      .where('agents.agent_id', '=', name.agentId)
      .where('certificate.serial', '=', peer.serial)
      .executeTakeFirst();
    if (row?.practice_id !== name.practiceId) return 'AGENT_IDENTITY_REFUSED';
    if (row.state === 'revoked') return 'AGENT_REVOKED';
    if (row.state === 'quarantined') return 'AGENT_QUARANTINED';
    if (row.revoked_at !== null) return 'AGENT_IDENTITY_REFUSED';
    if (await this.attached.hasLiveRival(peer.agentId, peer.join.instanceId)) {
      await this.block.quarantine(peer.agentId, 'second-live-link');
      return 'AGENT_QUARANTINED';
    }
    if (await this.countJoin(peer)) return undefined;
    await this.block.quarantine(peer.agentId, 'stale-join');
    return 'AGENT_QUARANTINED';
  }

  /**
   * Takes a number higher than any before, or the last one again under the same id: that is an agent
   * which never heard that it had joined.
   */
  private async countJoin({ agentId, join }: AgentPeer): Promise<boolean> {
    const updated = await this.database
      .updateTable('agents')
      .set({
        join_sequence: join.sequence,
        join_id: join.joinId,
        instance_id: join.instanceId,
        updated_at: new Date(this.clock.now()),
      })
      .where('agent_id', '=', agentId)
      .where('state', '=', 'active')
      .where(({ eb, and, or }) =>
        or([
          eb('join_sequence', '<', join.sequence),
          and([eb('join_sequence', '=', join.sequence), eb('join_id', '=', join.joinId)]),
        ]),
      )
      .executeTakeFirst();
    return updated.numUpdatedRows === 1n;
  }
}
