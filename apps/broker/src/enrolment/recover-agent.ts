import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { CertifyAgent } from '#apps/broker/src/enrolment/certify-agent.js';
import { Challenges } from '#apps/broker/src/enrolment/challenges.js';
import type { EnrolledAgent } from '#apps/broker/src/enrolment/redeem-enrolment-code.js';
import type { RecoveryDto } from '#libs/contracts/enrolment.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { readCertificateRequest } from '#libs/pki/certificate-request.js';
import { recoveryTranscript, verifyTranscript } from '#libs/pki/enrolment-proof.js';

/**
 * A new certificate for an agent whose last one expired or was lost, against a proof of its identity
 * key. This is why TLS never has to be relaxed to admit an expired certificate. A stranger hears
 * only AGENT_IDENTITY_REFUSED; the key's holder hears whether the agent is revoked or quarantined.
 */
@Injectable()
export class RecoverAgent {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly challenges: Challenges,
    private readonly certify: CertifyAgent,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * @throws ConduitError AGENT_IDENTITY_REFUSED, AGENT_REVOKED, AGENT_QUARANTINED,
   *   CERTIFICATE_REQUEST_INVALID, RATE_LIMITED
   */
  async execute(claim: RecoveryDto): Promise<EnrolledAgent> {
    const identityKey = Buffer.from(claim.identityPublicKey, 'base64url');
    const proven =
      this.challenges.admit('recovery', claim.challenge) &&
      verifyTranscript(recoveryTranscript(claim), identityKey, claim.identitySignature);
    if (!proven) throw new ConduitError('AGENT_IDENTITY_REFUSED');
    return this.database.transaction().execute(async (within) => {
      const row = await within
        .selectFrom('agents')
        .select(['agent_id', 'practice_id', 'state'])
        .where('identity_public_key', '=', identityKey)
        .forUpdate()
        .executeTakeFirst();
      if (!row) throw new ConduitError('AGENT_IDENTITY_REFUSED');
      if (row.state === 'revoked') throw new ConduitError('AGENT_REVOKED');
      if (row.state === 'quarantined') throw new ConduitError('AGENT_QUARANTINED');
      const agent = { agentId: row.agent_id, practiceId: row.practice_id };
      const request = readCertificateRequest(Buffer.from(claim.certificateRequest, 'base64url'));
      const { certificate, serial } = await this.certify.execute(within, agent, request);
      const { agentId, practiceId } = agent;
      const record = { practice: practiceId, agent: agentId, certSerial: serial };
      await this.audit.record({ type: 'agent.recovered', ...record }, within);
      const sites = await within
        .selectFrom('sites')
        .select(['site_id', 'name', 'pms_type', 'pms_site_id'])
        .where('agent_id', '=', agent.agentId)
        .execute();
      return { ...agent, certificate, sites: sites.map(asSiteToServe) };
    });
  }
}

function asSiteToServe(row: {
  site_id: string;
  name: string;
  pms_type: string;
  pms_site_id: string;
}) {
  const { site_id: siteId, name, pms_type: pmsType, pms_site_id: pmsSiteId } = row;
  return { siteId, name, pmsType, pmsSiteId };
}
