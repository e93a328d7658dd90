/** How a practice's permissions stand: what is in force at its server, what waits, what was refused. */
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { GrantStandings, type GrantStanding } from '#apps/broker/src/grants/grant-standings.js';
import { permissionLines, scopeWords } from '#apps/broker/src/practice-desk/permission-words.js';
import { PracticeBook } from '#apps/broker/src/practice-desk/practice-book.js';
import { textsAsked } from '#apps/broker/src/statements/statement-texts.js';
import type { Permission, PermissionState, PermissionSummary } from '#libs/console-api/practice.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { Grant, SignedGrant } from '#libs/grants/grant.js';
import { Clock } from '#libs/kernel/clock.js';

interface Names {
  integrators: Map<string, string>;
  sites: Map<string, string>;
  timeZone: string;
}

@Injectable()
export class ShowPermissions {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly book: PracticeBook,
    private readonly standings: GrantStandings,
    private readonly clock: Clock,
  ) {}

  /** Newest first; a document that waits comes beside the one that it would replace. */
  async list(practiceId: string): Promise<PermissionSummary[]> {
    const [standings, names] = [await this.standings.of(practiceId), await this.names(practiceId)];
    return standings.flatMap((standing) => {
      const next = nextOf(standing, names);
      const own = standing.grant.seq === standing.next?.seq ? undefined : ownOf(standing, names);
      return [next, own].filter((one) => one !== undefined);
    });
  }

  /** What is in force at the servers of the practice. */
  async running(practiceId: string): Promise<Grant[]> {
    const standings = await this.standings.of(practiceId);
    return standings.filter(({ state }) => state === 'active').map(({ grant }) => grant);
  }

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND */
  async find(practiceId: string, grantId: string): Promise<Permission> {
    const names = await this.names(practiceId);
    const standing = (await this.standings.of(practiceId)).find((one) => one.grantId === grantId);
    if (!standing) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
    const isOnlyProposed = standing.grant.seq === standing.next?.seq;
    const now = isOnlyProposed ? nextOf(standing, names) : ownOf(standing, names);
    if (!now) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
    const documents = await this.documents(practiceId, grantId);
    const next = isOnlyProposed ? undefined : nextOf(standing, names);
    return {
      ...now,
      ...(await this.reading(standing.grant, names)),
      history: [
        ...(next ? [next] : []),
        ...documents.map(({ grant, at }) => ({
          ...summaryOf(grant, names, this.stateOf(grant)),
          createdAt: at,
          confirmedAt: at,
        })),
      ],
      signedBy: await this.signers(documents.at(0)?.signed),
    };
  }

  async names(practiceId: string): Promise<Names> {
    const { timeZone } = await this.book.find(practiceId);
    const sites = await this.database
      .selectFrom('sites')
      .select(['site_id', 'name'])
      .where('practice_id', '=', practiceId)
      .execute();
    const integrators = await this.database
      .selectFrom('integrators')
      .innerJoin('access_requests', 'access_requests.integrator_id', 'integrators.integrator_id')
      .innerJoin('sites', 'sites.site_id', 'access_requests.site_id')
      .select(['integrators.integrator_id', 'integrators.name'])
      .distinct()
      .where('sites.practice_id', '=', practiceId)
      .execute();
    return {
      integrators: new Map(integrators.map((row) => [row.integrator_id, row.name])),
      sites: new Map(sites.map((row) => [row.site_id, row.name])),
      timeZone,
    };
  }

  /** The document in the words of this practice's names. */
  async linesOf(practiceId: string, grant: Grant): Promise<Permission['lines']> {
    return (await this.reading(grant, await this.names(practiceId))).lines;
  }

  /** Statements are read at the sites that they were asked at: the practice's own. */
  private async reading(
    grant: Grant,
    { integrators, sites, timeZone }: Names,
  ): Promise<Pick<Permission, 'lines' | 'scopes' | 'statements'>> {
    const { integratorId, scopes } = grant;
    const siteIds = grant.siteIds.filter((siteId) => sites.has(siteId));
    const statements = await textsAsked(this.database, { siteIds, integratorId, scopes });
    const integrator = integrators.get(integratorId) ?? integratorId;
    return {
      lines: permissionLines(grant, { integrator, sites, statements, timeZone }),
      scopes: scopes.map((scope) => scopeWords(scope, statements)),
      statements,
    };
  }

  private stateOf(grant: Grant): PermissionState {
    if (grant.revoked) return 'revoked';
    return Date.parse(grant.expires) <= this.clock.now() ? 'expired' : 'active';
  }

  private async documents(practiceId: string, grantId: string) {
    const rows = await this.database
      .selectFrom('grants')
      .innerJoin('sites', 'sites.site_id', 'grants.site_id')
      .distinctOn('seq')
      .select(['seq', 'signed', 'grants.created_at'])
      .where('grant_id', '=', grantId)
      .where('sites.practice_id', '=', practiceId)
      .orderBy('seq', 'desc')
      .execute();
    return rows.map(({ signed, created_at: at }) => ({
      signed: signed as SignedGrant,
      grant: JSON.parse((signed as SignedGrant).document) as Grant,
      at: at.toISOString(),
    }));
  }

  private async signers(signed: SignedGrant | undefined): Promise<Permission['signedBy']> {
    return (signed?.approvals ?? []).map(({ kind }) =>
      kind === 'webauthn'
        ? { kind: 'passkey' as const, name: 'a passkey of an owner' }
        : { kind: 'server' as const, name: 'a key of the practice’s own server' },
    );
  }
}

function summaryOf(grant: Grant, names: Names, state: PermissionState): PermissionSummary {
  return {
    grantId: grant.grantId,
    seq: grant.seq,
    state,
    integratorId: grant.integratorId,
    integratorName: names.integrators.get(grant.integratorId) ?? grant.integratorId,
    sites: grant.siteIds.map((siteId) => ({ siteId, name: names.sites.get(siteId) ?? siteId })),
    createdAt: grant.notBefore,
    expires: grant.expires,
    scopes: grant.scopes.map((scope) => scopeWords(scope)),
    purposes: grant.purposes,
  };
}

/** Of the document that has the server's receipt. */
function ownOf(standing: GrantStanding, names: Names): PermissionSummary {
  const isEnding = standing.next?.revokes === true && standing.next.state === 'proposed';
  const state = isEnding ? 'ending' : standing.state;
  return {
    ...summaryOf(standing.grant, names, state),
    ...(isEnding && standing.next && { createdAt: standing.next.proposedAt }),
    ...(standing.receiptAt !== undefined && { confirmedAt: standing.receiptAt }),
  };
}

/** Of the document that is not in force: it waits, or the server refused it. */
function nextOf({ next }: GrantStanding, names: Names): PermissionSummary | undefined {
  if (!next || (next.revokes && next.state === 'proposed')) return undefined;
  const { refusedCode, refusedReason } = next;
  return {
    ...summaryOf(next.grant, names, next.state),
    createdAt: next.proposedAt,
    ...(refusedCode !== undefined && {
      refusedReason: refusedReason === undefined ? refusedCode : `${refusedCode}:${refusedReason}`,
    }),
  };
}
