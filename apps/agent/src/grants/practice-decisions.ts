/**
 * What the practice decides on this machine: approve, decline, revoke. Signing happens here and
 * takes two steps, so that what is signed is exactly what was shown.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';

import { brokerPatterns } from '#libs/contracts/link-messages.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { describeGrant, namesOfStatements } from '#libs/grants/describe-grant.js';
import type {
  CreatedPairingCode,
  DeclineAccessRequestMeta,
  OpenAccessRequest,
} from '#libs/grants/grant-messages.js';
import type { Grant } from '#libs/grants/grant.js';
import { keyThumbprint } from '#libs/grants/key-thumbprint.js';
import { signGrant } from '#libs/grants/sign-grant.js';
import type { ApproverStore } from '#apps/agent/src/grants/approver-store.js';
import type { BrokerLine } from '#apps/agent/src/grants/broker-line.port.js';
import { draftGrant, revocationOf, type GrantChoices } from '#libs/grants/draft-grant.js';
import type { GrantExchange } from '#apps/agent/src/grants/grant-exchange.js';
import type { GrantStore } from '#apps/agent/src/grants/grant-store.js';
import type { OwnIdentity } from '#apps/agent/src/grants/own-identity.port.js';
import type { LocalRules } from '#apps/agent/src/grants/local-rules.js';
import type { Clock } from '#libs/kernel/clock.js';

export interface Draft {
  draftId: string;
  grant: Grant;
  /** The grant in plain words; to be shown before it is signed. */
  lines: string[];
}

/** A signed document, in force here; `published` when the broker has it too. */
export interface Signed {
  grantId: string;
  seq: number;
  published: boolean;
}

export interface DecisionParts {
  store: GrantStore;
  exchange: GrantExchange;
  line: BrokerLine;
  approvers: ApproverStore;
  rules: LocalRules;
  own: OwnIdentity;
  clock: Clock;
}

const DRAFT_LIFE_MS = 600_000;
const MAX_DRAFTS = 100;
const PUBLISH_WAIT_MS = 3_000;

export class PracticeDecisions {
  private readonly drafts = new Map<string, { grant: Grant; madeMs: number }>();

  constructor(private readonly parts: DecisionParts) {}

  /** @param siteId absent: the only site of this agent */
  async pairingCode(siteId?: string): Promise<CreatedPairingCode> {
    const { own, line } = this.parts;
    const [only, ...others] = own.siteIds;
    const site = siteId ?? (others.length === 0 ? only : undefined);
    if (site === undefined || !own.siteIds.includes(site)) {
      const problem = `must be one of: ${own.siteIds.join(', ')}`;
      throw new ConduitError('REQUEST_INVALID', { facts: { field: 'site', problem } });
    }
    return (await line.ask(brokerPatterns.createPairingCode, {
      siteId: site,
    })) as CreatedPairingCode;
  }

  async requests(): Promise<OpenAccessRequest[]> {
    const answer = await this.parts.line.ask(brokerPatterns.listAccessRequests, {});
    const { requests } = answer as { requests?: unknown };
    if (!Array.isArray(requests)) throw new ConduitError('LINK_PROTOCOL');
    // Somebody may have asked by now for what the broker knew no request for.
    this.parts.exchange.reconsider();
    return requests as OpenAccessRequest[];
  }

  async decline(decision: DeclineAccessRequestMeta): Promise<void> {
    await this.parts.line.ask(brokerPatterns.declineAccessRequest, decision);
  }

  /** @throws ConduitError ACCESS_REQUEST_NOT_FOUND, and as draftGrant */
  async draft(accessRequestId: string, choices: GrantChoices): Promise<Draft> {
    const { own, store, rules, clock } = this.parts;
    const request = (await this.requests()).find((r) => r.accessRequestId === accessRequestId);
    if (!request) throw new ConduitError('ACCESS_REQUEST_NOT_FOUND');
    const held = store
      .all()
      .find(
        ({ grant }) =>
          !grant.revoked &&
          grant.integratorId === request.integratorId &&
          grant.siteIds.join() === request.siteId,
      )?.grant;
    const grant = draftGrant(request, choices, {
      practiceId: own.practiceId,
      agentKeyThumbprint: keyThumbprint(own.publicKey),
      ceiling: rules.ceiling,
      epoch: store.epoch,
      nowMs: clock.now(),
      ...(held ? { held, running: held } : {}),
    });
    const names = {
      integrator: request.integratorName,
      sites: { [request.siteId]: request.siteName },
      statements: namesOfStatements(request),
    };
    return { draftId: this.keepDraft(grant), grant, lines: describeGrant(grant, names) };
  }

  /** Signs a draft that was shown. @throws ConduitError GRANT_NOT_FOUND when it is gone; GRANT_CONFLICT */
  async sign(draftId: string): Promise<Signed> {
    const draft = this.drafts.get(draftId);
    if (!draft || this.parts.clock.now() - draft.madeMs > DRAFT_LIFE_MS)
      throw new ConduitError('GRANT_NOT_FOUND', { facts: { reason: 'draft' } });
    this.drafts.delete(draftId);
    const { grantId, seq } = draft.grant;
    // Somebody approved in the console while this one was read.
    if ((this.parts.store.find(grantId)?.grant.seq ?? 0) >= seq)
      throw new ConduitError('GRANT_CONFLICT');
    return this.putInForce(draft.grant);
  }

  /** Ends a grant here and now; the broker is told as soon as it can be. */
  async revoke(grantId: string): Promise<Signed> {
    const held = this.parts.store.find(grantId);
    if (!held) throw new ConduitError('GRANT_NOT_FOUND');
    if (held.grant.revoked) return { grantId, seq: held.grant.seq, published: held.acknowledged };
    return this.putInForce(revocationOf(held.grant));
  }

  private async putInForce(grant: Grant): Promise<Signed> {
    const { approvers, store, exchange } = this.parts;
    const { approverId, privateKey } = await approvers.local();
    const { grantId, seq } = await store.admit(signGrant(grant, approverId, privateKey), false);
    // It counts from here on; a slow broker must not make that look otherwise.
    await Promise.race([
      exchange.publishAll(),
      setTimeout(PUBLISH_WAIT_MS, undefined, { ref: false }),
    ]);
    return { grantId, seq, published: store.find(grantId)?.acknowledged ?? false };
  }

  private keepDraft(grant: Grant): string {
    const draftId = randomUUID();
    const [oldest] = this.drafts.keys();
    if (this.drafts.size >= MAX_DRAFTS && oldest !== undefined) this.drafts.delete(oldest);
    this.drafts.set(draftId, { grant, madeMs: this.parts.clock.now() });
    return draftId;
  }
}
