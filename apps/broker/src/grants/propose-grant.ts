import { Injectable } from '@nestjs/common';
import { Kysely, type Transaction } from 'kysely';

import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import type { AnsweredRequest } from '#apps/broker/src/grants/answered-requests.js';
import { newestOfPair, replaceOlder, type Newest } from '#apps/broker/src/grants/grant-proposal.js';
import { OfferedApprovers } from '#apps/broker/src/grants/offered-approvers.js';
import { requireAsked } from '#apps/broker/src/grants/stored-grant-bounds.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { Grant, PasskeySignature, SignedGrant } from '#libs/grants/grant.js';
import { keyThumbprint } from '#libs/grants/key-thumbprint.js';
import { isSignedGrant, parseGrant } from '#libs/grants/parse-grant.js';
import { verifyApprovals } from '#libs/grants/sign-grant.js';
import { Clock } from '#libs/kernel/clock.js';

type Within = Transaction<Database>;

/** What the browser answered: of an AuthenticationResponseJSON, the parts that count. */
export interface BrowserAssertion {
  /** Credential id, base64url. */
  id: string;
  response: Pick<PasskeySignature, 'authenticatorData' | 'clientDataJSON' | 'signature'>;
}

export interface Proposal {
  practiceId: string;
  personId: string;
  /** Canonical text of the grant, exactly as `DraftGrant` answered it. */
  document: string;
  credential: BrowserAssertion;
  /** Absent: it changes, renews or ends a permission, and says nothing about what waits. */
  answers?: AnsweredRequest;
}

const refuse = (reason: string): ConduitError =>
  new ConduitError('GRANT_INVALID', { facts: { reason } });

/**
 * Takes what an owner's passkey signed and brings it to the practice's server. It gives nothing here:
 * only the server's receipt does. A withdrawal counts here at once. What the server would refuse
 * anyhow is refused early, with the same words.
 */
@Injectable()
export class ProposeGrant {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly audit: AuditTrail,
    private readonly broadcast: Broadcast,
    private readonly approvers: OfferedApprovers,
    private readonly clock: Clock,
  ) {}

  /**
   * Resolves when it is stored and an agent that is attached to this node has answered, or was given
   * time to: then `GrantStandings` says what became of it. The same document again is no error.
   * @throws ConduitError GRANT_INVALID with a reason; GRANT_EXPIRED; GRANT_CONFLICT when somebody
   *   else's document came first; SITE_NOT_FOUND
   */
  async execute(proposal: Proposal): Promise<Grant> {
    const reading = parseGrant(proposal.document);
    if (!reading.ok) throw refuse(reading.reason);
    const { grant } = reading;
    if (grant.practiceId !== proposal.practiceId) throw refuse('practice');
    if (!grant.revoked && Date.parse(grant.expires) <= this.clock.now())
      throw new ConduitError('GRANT_EXPIRED', { facts: { reason: 'expired' } });
    const signed = await this.signedBy(proposal);
    const agentId = await this.database
      .transaction()
      .execute((within) => this.store(within, grant, signed, proposal));
    // What callers are told changes now: that it has ended, or that it waits for the server alone.
    for (const siteId of grant.siteIds) await this.broadcast.publish('grant.changed', siteId);
    await this.broadcast.publish('grant.proposed', agentId);
    return grant;
  }

  private async signedBy(proposal: Proposal): Promise<SignedGrant> {
    const { practiceId, personId, document, credential } = proposal;
    const approver = await this.approvers.find(practiceId, personId, credential.id);
    if (!approver) throw refuse('approver-unknown');
    const { authenticatorData, clientDataJSON, signature } = credential.response;
    const { approverId } = approver;
    const approval: PasskeySignature = {
      kind: 'webauthn',
      ...{ approverId, authenticatorData, clientDataJSON, signature },
    };
    const signed: SignedGrant = { document, approvals: [approval] };
    if (!isSignedGrant(signed)) throw refuse('malformed');
    const verdict = verifyApprovals(signed, new Map([[approverId, approver]]));
    if (!verdict.ok) throw refuse(verdict.reason);
    return signed;
  }

  /** @returns the agent it is for */
  private async store(
    within: Within,
    grant: Grant,
    signed: SignedGrant,
    { personId, answers }: Proposal,
  ): Promise<string> {
    const agentId = await this.agentOf(within, grant);
    await requireAsked(within, grant);
    if (await this.isKnown(within, grant, signed)) return agentId;
    const at = new Date(this.clock.now());
    await replaceOlder(within, grant, at);
    await within
      .insertInto('grant_proposals')
      .values({
        grant_id: grant.grantId,
        seq: grant.seq,
        practice_id: grant.practiceId,
        agent_id: agentId,
        integrator_id: grant.integratorId,
        site_ids: JSON.stringify(grant.siteIds),
        person_id: personId,
        revokes: grant.revoked === true,
        signed: JSON.stringify(signed),
        state: 'proposed',
        answers: answers ? JSON.stringify(answers) : null,
        created_at: at,
      })
      .execute();
    await this.audit.record(
      {
        type: 'grant.proposed',
        practice: grant.practiceId,
        ...(grant.siteIds.length === 1 && { site: grant.siteIds[0] as string }),
        agent: agentId,
        integrator: grant.integratorId,
        grantId: grant.grantId,
        grantSeq: grant.seq,
        actorRef: personId,
        ...(grant.revoked && { reason: 'revoked' }),
      },
      within,
    );
    return agentId;
  }

  /** The one agent that serves all the sites; two who decide about one site take turns from here. */
  private async agentOf(within: Within, grant: Grant): Promise<string> {
    const sites = await within
      .selectFrom('sites')
      .innerJoin('agents', 'agents.agent_id', 'sites.agent_id')
      .select(['site_id', 'agents.agent_id', 'identity_public_key'])
      .where('site_id', 'in', grant.siteIds)
      .where('sites.practice_id', '=', grant.practiceId)
      .orderBy('site_id')
      .forUpdate('sites')
      .execute();
    const [first] = sites;
    if (!first || sites.length < grant.siteIds.length) throw new ConduitError('SITE_NOT_FOUND');
    if (sites.some((site) => site.agent_id !== first.agent_id)) throw refuse('agent');
    if (!grant.agentKeyThumbprints.includes(keyThumbprint(first.identity_public_key)))
      throw refuse('agent');
    return first.agent_id;
  }

  /** Whether this very document is here already. */
  private async isKnown(within: Within, grant: Grant, { document }: SignedGrant): Promise<boolean> {
    const all = (
      await Promise.all(
        grant.siteIds.map((siteId) => newestOfPair(within, siteId, grant.integratorId)),
      )
    ).flat();
    const same = all.find((one) => one.grant.grantId === grant.grantId);
    if (!same) return this.requireNoOther(all, grant);
    if (same.document === document) return true;
    if (same.grant.revoked && !(same.grant.seq < grant.seq && grant.revoked))
      throw refuse('revoked');
    if (grant.seq !== same.grant.seq + 1) throw new ConduitError('GRANT_CONFLICT');
    if (same.proposal === undefined) return false;
    return this.requireNoOther(
      all.filter((one) => one !== same),
      grant,
    );
  }

  /** A further permission for the same integrator and place would say the same twice, or not the same. */
  private requireNoOther(all: readonly Newest[], grant: Grant): false {
    const nowMs = this.clock.now();
    const isLive = ({ grant: other, proposal }: Newest): boolean =>
      !other.revoked &&
      Date.parse(other.expires) > nowMs &&
      (proposal === undefined || proposal === 'proposed');
    if (!grant.revoked && all.some(isLive)) throw new ConduitError('GRANT_CONFLICT');
    return false;
  }
}
