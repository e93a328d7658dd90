import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Kysely, sql, type Transaction } from 'kysely';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { CertifyAgent } from '#apps/broker/src/enrolment/certify-agent.js';
import { Challenges } from '#apps/broker/src/enrolment/challenges.js';
import type { EnrolmentDto, RegisteredSite, SiteToServe } from '#libs/contracts/enrolment.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';
import { readCertificateRequest, type AcceptedRequest } from '#libs/pki/certificate-request.js';
import { enrolmentTranscript, verifyTranscript } from '#libs/pki/enrolment-proof.js';

export const allowedBadTries = 5;

export interface EnrolledAgent {
  agentId: string;
  practiceId: string;
  certificate: string;
  sites: SiteToServe[];
}

/**
 * Turns a one-time code into an agent. Whatever is wrong with a code (unknown, mistyped, used,
 * burnt, expired, signed by another's key) the answer is the same; only who holds the code's seed
 * gets as far as hearing that the certificate request was bad.
 */
@Injectable()
export class RedeemEnrolmentCode {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly challenges: Challenges,
    private readonly certify: CertifyAgent,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
  ) {}

  /** @throws ConduitError ENROLMENT_CODE_INVALID, CERTIFICATE_REQUEST_INVALID, RATE_LIMITED */
  async execute(claim: EnrolmentDto): Promise<EnrolledAgent> {
    const code = await this.findOpenCode(claim.codeId);
    if (!code || !this.challenges.admit('enrolment', claim.challenge)) throw refusal();
    if (!holdsBothKeys(claim, code.public_key)) {
      await this.countBadTry(claim.codeId, code.practice_id);
      throw refusal();
    }
    const request = readCertificateRequest(Buffer.from(claim.certificateRequest, 'base64url'));
    return this.database
      .transaction()
      .execute((within) => this.enrol(within, claim, request))
      .catch(rethrowKnownKey);
  }

  private findOpenCode(codeId: string) {
    return this.database
      .selectFrom('enrolment_codes')
      .selectAll()
      .where('code_id', '=', codeId)
      .where('used_at', 'is', null)
      .where('failed_attempts', '<', allowedBadTries)
      .where('expires_at', '>', new Date(this.clock.now()))
      .executeTakeFirst();
  }

  private async countBadTry(codeId: string, practiceId: string): Promise<void> {
    await this.database
      .updateTable('enrolment_codes')
      .set({ failed_attempts: sql`failed_attempts + 1` })
      .where('code_id', '=', codeId)
      .execute();
    this.audit.note({
      type: 'enrolment.refused',
      practice: practiceId,
      errorCode: 'ENROLMENT_CODE_INVALID',
    });
  }

  private async enrol(
    within: Transaction<Database>,
    claim: EnrolmentDto,
    request: AcceptedRequest,
  ): Promise<EnrolledAgent> {
    const now = new Date(this.clock.now());
    // The conditions again, now that this statement locks the row: two racers, one winner.
    const code = await within
      .updateTable('enrolment_codes')
      .set({ used_at: now })
      .where('code_id', '=', claim.codeId)
      .where('used_at', 'is', null)
      .where('failed_attempts', '<', allowedBadTries)
      .where('expires_at', '>', now)
      .returning(['practice_id', 'sites'])
      .executeTakeFirst();
    if (!code) throw refusal();
    const agent = { agentId: randomUUID(), practiceId: code.practice_id };
    await within
      .insertInto('agents')
      .values({
        agent_id: agent.agentId,
        practice_id: agent.practiceId,
        state: 'active',
        identity_public_key: Buffer.from(claim.identityPublicKey, 'base64url'),
        encryption_public_key: Buffer.from(claim.encryptionPublicKey, 'base64url'),
        encryption_key_since: now,
        updated_at: now,
      })
      .execute();
    for (const site of code.sites) await takeSite(within, site, agent, now);
    const { certificate, serial } = await this.certify.execute(within, agent, request);
    const { agentId, practiceId } = agent;
    const record = { practice: practiceId, agent: agentId, certSerial: serial };
    await this.audit.record({ type: 'agent.enrolled', ...record }, within);
    const sites = code.sites.map(({ isSandbox: _, ...site }): SiteToServe => site);
    return { ...agent, certificate, sites };
  }
}

/** A site moves to the agent that enrolled last; another practice's site never does. */
async function takeSite(
  within: Transaction<Database>,
  site: RegisteredSite,
  agent: { agentId: string; practiceId: string },
  now: Date,
): Promise<void> {
  const taken = await within
    .insertInto('sites')
    .values({
      site_id: site.siteId,
      practice_id: agent.practiceId,
      agent_id: agent.agentId,
      name: site.name,
      pms_type: site.pmsType,
      pms_site_id: site.pmsSiteId,
      // Of a new site only: one that was a practice's never becomes a sandbox.
      is_sandbox: site.isSandbox === true,
      status: 'initialising',
      authoritative: true,
      catalogues: '[]',
      updated_at: now,
    })
    .onConflict((conflict) =>
      conflict
        .column('site_id')
        .doUpdateSet({ agent_id: agent.agentId, updated_at: now })
        .where('sites.practice_id', '=', agent.practiceId),
    )
    .executeTakeFirst();
  if (taken.numInsertedOrUpdatedRows === 0n) throw refusal();
  await within
    .insertInto('site_holders')
    .values({ site_id: site.siteId, agent_id: agent.agentId, since: now })
    .execute();
}

function holdsBothKeys(claim: EnrolmentDto, codeKey: Buffer): boolean {
  const identityKey = Buffer.from(claim.identityPublicKey, 'base64url');
  return (
    verifyTranscript(enrolmentTranscript(claim, 'code'), codeKey, claim.codeSignature) &&
    verifyTranscript(enrolmentTranscript(claim, 'identity'), identityKey, claim.identitySignature)
  );
}

const refusal = () => new ConduitError('ENROLMENT_CODE_INVALID');

/** An identity key that another agent has enrolled with is refused like a bad request: make a new one. */
function rethrowKnownKey(error: unknown): never {
  const known = (error as { constraint?: unknown }).constraint === 'agents_by_identity_key';
  throw known ? new ConduitError('CERTIFICATE_REQUEST_INVALID') : error;
}
