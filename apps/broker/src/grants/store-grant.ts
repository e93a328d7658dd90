import { Injectable } from '@nestjs/common';
import { Kysely, type Transaction } from 'kysely';

import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import { requireOwnSites, type SpeakingAgent } from '#apps/broker/src/grants/agent-sites.js';
import {
  approveAnswered,
  type AnsweredRequest,
} from '#apps/broker/src/grants/answered-requests.js';
import { replaceOlder } from '#apps/broker/src/grants/grant-proposal.js';
import { GrantNews } from '#apps/broker/src/grants/grant-news.js';
import {
  forgetReplaced,
  requireAsked,
  requireRoom,
} from '#apps/broker/src/grants/stored-grant-bounds.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { ListedGrants, PublishGrantMeta } from '#libs/grants/grant-messages.js';
import { receiptDigestOf, verifyReceipt } from '#libs/grants/grant-receipt.js';
import type { Grant, SignedGrant } from '#libs/grants/grant.js';
import { parseGrant } from '#libs/grants/parse-grant.js';
import { Clock } from '#libs/kernel/clock.js';
import { publicKeyFromRaw } from '#libs/pki/keys.js';

type Within = Transaction<Database>;

const refuse = (reason: string): ConduitError =>
  new ConduitError('GRANT_INVALID', { facts: { reason } });

/**
 * Keeps signed grants exactly as they came, each document a row for every site. The broker cannot
 * judge an approver's signature (it does not know the approvers); it checks what it can: that the
 * agent speaks of its own sites, that the agent's receipt is right, that documents only go forward.
 */
@Injectable()
export class StoreGrant {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly audit: AuditTrail,
    private readonly news: GrantNews,
    private readonly clock: Clock,
    private readonly log: EventLog,
  ) {}

  /**
   * Stores a grant, or a revocation, that the agent publishes. The same document again is no error.
   * @throws ConduitError GRANT_INVALID with a reason; SITE_NOT_FOUND
   */
  async execute(peer: SpeakingAgent, { signed, receipt }: PublishGrantMeta): Promise<Grant> {
    const reading = parseGrant(signed.document);
    if (!reading.ok) throw refuse(reading.reason);
    const { grant } = reading;
    if (grant.practiceId !== peer.practiceId) throw refuse('practice');
    const due = await this.database.transaction().execute(async (within) => {
      await requireOwnSites(within, peer, grant.siteIds);
      await this.checkReceipt(within, peer, grant, { signed, receipt });
      const standing = await this.standingOf(within, grant, signed);
      const proposal = await this.settle(within, grant, signed);
      if (standing === 'known') return undefined;
      await this.insert(within, grant, { signed, receipt });
      await forgetReplaced(within, grant.grantId);
      const decision = { grant, at: new Date(this.clock.now()), ...(proposal && { proposal }) };
      if (!grant.revoked) await approveAnswered(within, decision);
      await this.record(within, peer, grant, proposal?.personId);
      return this.news.record(within, { ...grant, type: newsOf(grant, standing) });
    });
    if (due) {
      for (const siteId of grant.siteIds)
        this.log.write('grant.stored', { grantId: grant.grantId, seq: grant.seq, siteId });
      await this.news.tell(grant.siteIds, due);
    }
    return grant;
  }

  /** The newest document of each grant that names a site of the agent. */
  async list(peer: SpeakingAgent): Promise<ListedGrants> {
    const rows = await this.database
      .selectFrom('grants')
      .innerJoin('sites', 'sites.site_id', 'grants.site_id')
      .distinctOn('grant_id')
      .select('signed')
      .where('sites.agent_id', '=', peer.agentId)
      .where('sites.practice_id', '=', peer.practiceId)
      .orderBy('grant_id')
      .orderBy('seq', 'desc')
      .execute();
    return { grants: rows.map(({ signed }) => signed as SignedGrant) };
  }

  private async checkReceipt(
    within: Within,
    peer: SpeakingAgent,
    grant: Grant,
    { signed, receipt }: PublishGrantMeta,
  ): Promise<void> {
    const { identity_public_key: key } = await within
      .selectFrom('agents')
      .select('identity_public_key')
      .where('agent_id', '=', peer.agentId)
      .executeTakeFirstOrThrow();
    const said = verifyReceipt(receipt, publicKeyFromRaw('ed25519', key));
    const right =
      said?.agentId === peer.agentId &&
      said.grantId === grant.grantId &&
      said.seq === grant.seq &&
      said.state === (grant.revoked ? 'revoked' : 'active') &&
      said.digest === receiptDigestOf(signed.document);
    if (!right) throw refuse('receipt');
  }

  /** known: the very document is stored already. */
  private async standingOf(
    within: Within,
    grant: Grant,
    signed: SignedGrant,
  ): Promise<'known' | 'first' | 'newer'> {
    const newest = await within
      .selectFrom('grants')
      .select(['seq', 'integrator_id', 'state', 'signed'])
      .where('grant_id', '=', grant.grantId)
      .orderBy('seq', 'desc')
      .limit(1)
      .forUpdate()
      .executeTakeFirst();
    if (!newest) return 'first';
    if (newest.integrator_id !== grant.integratorId) throw refuse('integrator-changed');
    const stored = newest.signed as SignedGrant;
    if (stored.document === signed.document) return 'known';
    if ((JSON.parse(stored.document) as Grant).practiceId !== grant.practiceId)
      throw refuse('practice');
    if (newest.state === 'revoked' && !grant.revoked) throw refuse('revoked');
    if (grant.seq <= newest.seq) throw refuse(grant.seq === newest.seq ? 'seq-taken' : 'replayed');
    return 'newer';
  }

  private async insert(
    within: Within,
    grant: Grant,
    { signed, receipt }: PublishGrantMeta,
  ): Promise<void> {
    const integrator = await within
      .selectFrom('integrators')
      .select('integrator_id')
      .where('integrator_id', '=', grant.integratorId)
      .executeTakeFirst();
    if (!integrator) throw refuse('integrator');
    await requireAsked(within, grant);
    await requireRoom(within, grant);
    const rows = grant.siteIds.map((siteId) => ({
      grant_id: grant.grantId,
      seq: grant.seq,
      site_id: siteId,
      integrator_id: grant.integratorId,
      state: grant.revoked ? ('revoked' as const) : ('active' as const),
      signed: JSON.stringify(signed),
      expires_at: grant.expires,
      agent_receipt: JSON.stringify(receipt),
    }));
    await within.insertInto('grants').values(rows).execute();
  }

  /** What was proposed is taken, and what it replaces waits no longer. @returns who proposed it, for what */
  private async settle(
    within: Within,
    grant: Grant,
    { document }: SignedGrant,
  ): Promise<{ personId: string; answers: AnsweredRequest | null } | undefined> {
    const at = new Date(this.clock.now());
    await replaceOlder(within, grant, at);
    const row = await within
      .selectFrom('grant_proposals')
      .select(['person_id', 'signed', 'answers'])
      .where('grant_id', '=', grant.grantId)
      .where('seq', '=', grant.seq)
      .executeTakeFirst();
    if (!row) return undefined;
    const isSame = (row.signed as SignedGrant).document === document;
    await within
      .updateTable('grant_proposals')
      .set({ state: isSame ? 'taken' : 'replaced', decided_at: at })
      .set({ refused_code: null, refused_reason: null })
      .where('grant_id', '=', grant.grantId)
      .where('seq', '=', grant.seq)
      .execute();
    return isSame ? { personId: row.person_id, answers: row.answers } : undefined;
  }

  private record(
    within: Within,
    peer: SpeakingAgent,
    grant: Grant,
    personId: string | undefined,
  ): Promise<void> {
    const [site] = grant.siteIds;
    return this.audit.record(
      {
        type: grant.revoked ? 'grant.revoked' : 'grant.approved',
        practice: peer.practiceId,
        ...(site !== undefined && grant.siteIds.length === 1 ? { site } : {}),
        agent: peer.agentId,
        integrator: grant.integratorId,
        grantId: grant.grantId,
        grantSeq: grant.seq,
        ...(personId !== undefined && { actorRef: personId }),
      },
      within,
    );
  }
}

function newsOf(grant: Grant, standing: 'first' | 'newer') {
  if (grant.revoked) return 'grant.revoked';
  return standing === 'first' ? 'grant.approved' : 'grant.changed';
}
