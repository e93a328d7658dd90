import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';

import { AgentRulesBook } from '#apps/broker/src/grants/agent-rules-book.js';
import { AccessRequests } from '#apps/broker/src/grants/access-requests.js';
import { newestOfPair } from '#apps/broker/src/grants/grant-proposal.js';
import { GrantStandings, type GrantStanding } from '#apps/broker/src/grants/grant-standings.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { canonicalJson } from '#libs/grants/canonical-json.js';
import { defaultCeiling, type Ceiling } from '#libs/grants/ceiling.js';
import { describeGrant } from '#libs/grants/describe-grant.js';
import {
  changeGrant,
  draftGrant,
  revocationOf,
  type GrantChoices,
} from '#libs/grants/draft-grant.js';
import type { Grant } from '#libs/grants/grant.js';
import { keyThumbprint } from '#libs/grants/key-thumbprint.js';
import { grantDigest } from '#libs/grants/sign-grant.js';
import { Clock } from '#libs/kernel/clock.js';

/** A document ready to be shown and signed. Nothing of it is kept: what counts is what comes back signed. */
export interface GrantDraft {
  /** Canonical text, to be handed back unchanged. */
  document: string;
  grant: Grant;
  /** The passkey's challenge, base64url. */
  challenge: string;
  /** The document in plain words. */
  lines: string[];
}

interface Ground {
  ceiling: Ceiling;
  epoch: number;
  agentKeyThumbprint: string;
  nowMs: number;
}

/**
 * Makes the documents that an owner's passkey signs in the console, within what the practice's server
 * last said it allows. What is drafted gives nothing and is not kept.
 */
@Injectable()
export class DraftGrant {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly requests: AccessRequests,
    private readonly rules: AgentRulesBook,
    private readonly standings: GrantStandings,
    private readonly clock: Clock,
  ) {}

  /**
   * A permission for an access request, or the change of the one that the integrator has there.
   * @throws ConduitError ACCESS_REQUEST_NOT_FOUND; AGENT_UNKNOWN as SITE_NOT_FOUND; and as draftGrant
   */
  async forRequest(
    practiceId: string,
    accessRequestId: string,
    choices: GrantChoices,
  ): Promise<GrantDraft> {
    const request = await this.requests.find(practiceId, accessRequestId);
    const ground = await this.groundOf(practiceId, request.siteId);
    const all = await newestOfPair(this.database, request.siteId, request.integratorId);
    const held = all
      .map(({ grant }) => grant)
      .filter((grant) => !grant.revoked && grant.siteIds.join() === request.siteId)
      .sort((a, b) => b.notBefore.localeCompare(a.notBefore))[0];
    // Of a newer document the server may have refused the terms.
    const running = (await this.standings.of(practiceId)).find(
      (one) => one.grantId === held?.grantId && one.state === 'active',
    )?.grant;
    const grant = draftGrant(request, choices, {
      practiceId,
      ...ground,
      ...(held && { held }),
      ...(running && { running }),
    });
    const sites = { [request.siteId]: request.siteName };
    return draftOf(grant, describeGrant(grant, { integrator: request.integratorName, sites }));
  }

  /** The same permission with other terms, or for longer. @throws ConduitError GRANT_NOT_FOUND; and as changeGrant */
  async change(practiceId: string, grantId: string, choices: GrantChoices): Promise<GrantDraft> {
    const { standing, seq } = await this.find(practiceId, grantId);
    if (standing.state === 'revoked')
      throw new ConduitError('GRANT_CONFLICT', { facts: { reason: 'revoked' } });
    const [siteId = ''] = standing.siteIds;
    const ground = await this.groundOf(practiceId, siteId);
    const grant = changeGrant({ ...standing.grant, seq }, choices, ground);
    return draftOf(grant, describeGrant(grant));
  }

  /** The end of a permission. @throws ConduitError GRANT_NOT_FOUND */
  async revocation(practiceId: string, grantId: string): Promise<GrantDraft> {
    const { standing, seq } = await this.find(practiceId, grantId);
    const grant = revocationOf({ ...standing.grant, seq });
    return draftOf(grant, describeGrant(grant));
  }

  /** How it stands, and the highest number that a document of it has had. */
  private async find(
    practiceId: string,
    grantId: string,
  ): Promise<{ standing: GrantStanding; seq: number }> {
    const standing = (await this.standings.of(practiceId)).find((one) => one.grantId === grantId);
    if (!standing) throw new ConduitError('GRANT_NOT_FOUND');
    const { seq } = await this.database
      .selectFrom('grant_proposals')
      .select((row) => row.fn.max('seq').as('seq'))
      .where('grant_id', '=', grantId)
      .executeTakeFirstOrThrow();
    return { standing, seq: Math.max(standing.seq, seq ?? 0) };
  }

  private async groundOf(practiceId: string, siteId: string): Promise<Ground> {
    const site = await this.database
      .selectFrom('sites')
      .select('agent_id')
      .where('site_id', '=', siteId)
      .where('practice_id', '=', practiceId)
      .executeTakeFirst();
    const agents = await this.rules.ofPractice(practiceId);
    const agent = agents.find(({ agentId }) => agentId === site?.agent_id);
    if (!agent) throw new ConduitError('SITE_NOT_FOUND');
    return {
      ceiling: agent.rules?.ceiling ?? defaultCeiling,
      epoch: agent.rules?.epoch ?? 0,
      agentKeyThumbprint: keyThumbprint(agent.identityKey),
      nowMs: this.clock.now(),
    };
  }
}

function draftOf(grant: Grant, lines: string[]): GrantDraft {
  const document = canonicalJson(grant);
  return { document, grant, lines, challenge: grantDigest(document).toString('base64url') };
}
