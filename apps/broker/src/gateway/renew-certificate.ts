import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { CertifyAgent } from '#apps/broker/src/enrolment/certify-agent.js';
import type { AgentPeer } from '#apps/broker/src/gateway/agent-peer.js';
import { lockActiveAgent } from '#apps/broker/src/gateway/lock-active-agent.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { readCertificateRequest } from '#libs/pki/certificate-request.js';

/** A new certificate for a new key, while the old one still holds the link. */
@Injectable()
export class RenewCertificate {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly certify: CertifyAgent,
    private readonly audit: AuditTrail,
    private readonly log: EventLog,
  ) {}

  /**
   * @param request PKCS #10, DER
   * @returns PEM
   * @throws ConduitError AGENT_REVOKED, AGENT_QUARANTINED, AGENT_IDENTITY_REFUSED when the link's
   *   own certificate was superseded, CERTIFICATE_REQUEST_INVALID
   */
  async execute(peer: AgentPeer, request: Buffer): Promise<string> {
    const accepted = readCertificateRequest(request);
    const { agentId, practiceId } = peer;
    const issued = await this.database.transaction().execute(async (within) => {
      await lockActiveAgent(within, agentId);
      const own = await within
        .selectFrom('agent_certificates')
        .select('revoked_at')
        .where('serial', '=', peer.serial)
        .where('agent_id', '=', agentId)
        .executeTakeFirst();
      if (own?.revoked_at !== null) throw new ConduitError('AGENT_IDENTITY_REFUSED');
      const agent = { agentId, practiceId };
      const certified = await this.certify.execute(within, agent, accepted, peer.serial);
      const record = { practice: practiceId, agent: agentId, certSerial: certified.serial };
      await this.audit.record({ type: 'certificate.renewed', ...record }, within);
      return certified;
    });
    this.log.write('certificate.issued', { agentId, serial: issued.serial });
    return issued.certificate;
  }
}
