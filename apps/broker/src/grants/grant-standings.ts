import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';

import { hasLapsed } from '#apps/broker/src/grants/grant-proposal.js';
import type { Database } from '#libs/db/schema.js';
import type { GrantReceipt } from '#libs/grants/grant-receipt.js';
import type { Grant, SignedGrant } from '#libs/grants/grant.js';
import { Clock } from '#libs/kernel/clock.js';

/** A document that is not in force: it waits for the practice's server, or was refused there. */
export interface ProposalStanding {
  seq: number;
  grant: Grant;
  /** proposed: it waits for the server; refused: with a reason, and it is not brought again as it is. */
  state: 'proposed' | 'refused';
  revokes: boolean;
  personId: string;
  /** ISO 8601 UTC. */
  proposedAt: string;
  refusedAt?: string;
  /** GRANT_INVALID, GRANT_CEILING, GRANT_EXPIRED; or PROPOSAL_LAPSED: it waited for too long. */
  refusedCode?: string;
  /** Narrows the code, e.g. `approver-unknown`, `sql:write`, `expires`. */
  refusedReason?: string;
}

/** How one permission stands. */
export interface GrantStanding {
  grantId: string;
  seq: number;
  siteIds: string[];
  integratorId: string;
  /** Of the document with the receipt when there is one, otherwise of the proposal. */
  grant: Grant;
  /**
   * active, revoked, expired: by the document for which the server's receipt has come. A revocation
   * that was proposed counts as revoked at the broker although the server has not confirmed it: then
   * `next` says so. proposed, refused: no document of it was ever in force.
   */
  state: 'proposed' | 'active' | 'refused' | 'revoked' | 'expired';
  /** When the server said that it is in force there, or has ended. ISO 8601 UTC. */
  receiptAt?: string;
  /** Who approved it in the console; absent: it was signed on the server. */
  personId?: string;
  /** A newer document that is not in force, or the only one. */
  next?: ProposalStanding;
}

/** How the permissions of a practice stand, for the console. */
@Injectable()
export class GrantStandings {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly clock: Clock,
  ) {}

  /** Of every permission that was ever asked for; newest first. */
  async of(practiceId: string): Promise<GrantStanding[]> {
    const [stored, proposals] = await Promise.all([
      this.storedOf(practiceId),
      this.proposalsOf(practiceId),
    ]);
    const grantIds = new Set([...stored.keys(), ...proposals.keys()]);
    return [...grantIds]
      .map((grantId) => this.standing(stored.get(grantId), proposals.get(grantId) ?? []))
      .filter((standing) => standing !== undefined)
      .sort((a, b) => b.grant.notBefore.localeCompare(a.grant.notBefore));
  }

  private standing(stored: Stored | undefined, rows: ProposalRow[]): GrantStanding | undefined {
    const next = rows
      .filter((row) => row.seq > (stored?.seq ?? 0) && row.state !== 'replaced')
      .map((row) => this.proposal(row))
      .at(-1);
    const grant = stored?.grant ?? next?.grant;
    if (!grant) return undefined;
    const personId = stored
      ? rows.find((row) => row.seq === stored.seq && row.state === 'taken')?.person_id
      : next?.personId;
    return {
      grantId: grant.grantId,
      seq: grant.seq,
      siteIds: grant.siteIds,
      integratorId: grant.integratorId,
      grant,
      state: this.stateOf(stored, next),
      ...(stored?.receiptAt !== undefined && { receiptAt: stored.receiptAt }),
      ...(personId !== undefined && { personId }),
      ...(next && { next }),
    };
  }

  private stateOf(
    stored: Stored | undefined,
    next: ProposalStanding | undefined,
  ): GrantStanding['state'] {
    if (stored?.grant.revoked || next?.revokes) return 'revoked';
    if (!stored) return next?.state ?? 'refused';
    return Date.parse(stored.grant.expires) <= this.clock.now() ? 'expired' : 'active';
  }

  private proposal(row: ProposalRow): ProposalStanding {
    const isLapsed = row.state === 'proposed' && hasLapsed(row, this.clock.now());
    const refusedCode = isLapsed ? 'PROPOSAL_LAPSED' : row.refused_code;
    return {
      seq: row.seq,
      grant: grantOf(row.signed),
      state: row.state === 'refused' || isLapsed ? 'refused' : 'proposed',
      revokes: row.revokes,
      personId: row.person_id,
      proposedAt: row.created_at.toISOString(),
      ...(row.decided_at && { refusedAt: row.decided_at.toISOString() }),
      ...(refusedCode !== null && { refusedCode }),
      ...(row.refused_reason !== null && { refusedReason: row.refused_reason }),
    };
  }

  private async storedOf(practiceId: string): Promise<Map<string, Stored>> {
    const rows = await this.database
      .selectFrom('grants')
      .innerJoin('sites', 'sites.site_id', 'grants.site_id')
      .distinctOn('grant_id')
      .select(['grant_id', 'seq', 'signed', 'agent_receipt'])
      .where('sites.practice_id', '=', practiceId)
      .orderBy('grant_id')
      .orderBy('seq', 'desc')
      .execute();
    return new Map(
      rows.map((row) => {
        const receiptAt = receiptTimeOf(row.agent_receipt);
        const stored = {
          seq: row.seq,
          grant: grantOf(row.signed),
          ...(receiptAt && { receiptAt }),
        };
        return [row.grant_id, stored];
      }),
    );
  }

  private async proposalsOf(practiceId: string): Promise<Map<string, ProposalRow[]>> {
    const rows = await this.database
      .selectFrom('grant_proposals')
      .select(['grant_id', 'seq', 'state', 'revokes', 'person_id', 'signed'])
      .select(['refused_code', 'refused_reason', 'created_at', 'decided_at'])
      .where('practice_id', '=', practiceId)
      .orderBy('seq')
      .execute();
    const byGrant = new Map<string, ProposalRow[]>();
    for (const row of rows) byGrant.set(row.grant_id, [...(byGrant.get(row.grant_id) ?? []), row]);
    return byGrant;
  }
}

interface Stored {
  seq: number;
  grant: Grant;
  receiptAt?: string;
}

interface ProposalRow {
  grant_id: string;
  seq: number;
  state: 'proposed' | 'refused' | 'replaced' | 'taken';
  revokes: boolean;
  person_id: string;
  signed: object;
  refused_code: string | null;
  refused_reason: string | null;
  created_at: Date;
  decided_at: Date | null;
}

const grantOf = (signed: object): Grant => JSON.parse((signed as SignedGrant).document) as Grant;

/** Its signature was verified when it was stored. */
function receiptTimeOf(receipt: object | null): string | undefined {
  if (!receipt) return undefined;
  const { document } = receipt as { document: string };
  return (JSON.parse(document) as GrantReceipt).at;
}
