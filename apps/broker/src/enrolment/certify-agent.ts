import { Injectable } from '@nestjs/common';
import type { Transaction } from 'kysely';
import { EnrolmentSettings } from '#apps/broker/src/enrolment/enrolment-settings.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';
import { Authority } from '#libs/pki/authority.js';
import type { AcceptedRequest } from '#libs/pki/certificate-request.js';

export interface CertifiedAgent {
  agentId: string;
  practiceId: string;
}

/** The only place that issues certificates to agents, and so the only one that can forget a rule. */
@Injectable()
export class CertifyAgent {
  constructor(
    private readonly authority: Authority,
    private readonly settings: EnrolmentSettings,
    private readonly clock: Clock,
  ) {}

  /**
   * Issues a certificate and retires the agent's others, all but the one it is using just now: at
   * most the latest and the one before it open a link.
   * @param serialInUse lowercase hex
   * @throws ConduitError CERTIFICATE_REQUEST_INVALID when the key was certified before, for anyone
   */
  async execute(
    within: Transaction<Database>,
    agent: CertifiedAgent,
    request: AcceptedRequest,
    serialInUse?: string,
  ): Promise<{ certificate: string; serial: string; notAfter: Date }> {
    const name = { ...agent, trustDomain: this.settings.trustDomain };
    const issued = await this.authority.issueForAgent(name, request, this.clock.now());
    await within
      .updateTable('agent_certificates')
      .set({ revoked_at: new Date(this.clock.now()) })
      .where('agent_id', '=', agent.agentId)
      .where('revoked_at', 'is', null)
      .where('serial', '!=', serialInUse ?? '')
      .execute();
    const { serial, notBefore, notAfter } = issued.plan;
    const inserted = await within
      .insertInto('agent_certificates')
      .values({
        serial,
        agent_id: agent.agentId,
        spki_sha256: request.spkiSha256,
        not_before: notBefore,
        not_after: notAfter,
        revoked_at: null,
      })
      .onConflict((conflict) => conflict.column('spki_sha256').doNothing())
      .executeTakeFirst();
    if (inserted.numInsertedOrUpdatedRows === 0n) {
      throw new ConduitError('CERTIFICATE_REQUEST_INVALID');
    }
    return { certificate: issued.certificate, serial, notAfter };
  }
}
