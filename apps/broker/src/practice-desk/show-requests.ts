/** Who asks a practice for access, and for what: the integrator's declarations beside what it wants. */
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { AgentRulesBook } from '#apps/broker/src/grants/agent-rules-book.js';
import { versionOfAsked } from '#apps/broker/src/grants/answered-requests.js';
import { readDeclaration } from '#apps/broker/src/practice-desk/integrator-declaration.js';
import { scopeWords } from '#apps/broker/src/practice-desk/permission-words.js';
import { PracticeBook } from '#apps/broker/src/practice-desk/practice-book.js';
import { ShowPermissions } from '#apps/broker/src/practice-desk/show-permissions.js';
import { textsAsked } from '#apps/broker/src/statements/statement-texts.js';
import type {
  AccessRequest,
  AccessRequestSummary,
  CeilingWords,
  DeclineReason,
  RequestState,
  RunningTerms,
} from '#libs/console-api/practice.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { AskedAccess } from '#libs/grants/grant-messages.js';
import type { Grant } from '#libs/grants/grant.js';
import { purposeText } from '#libs/grants/purpose-words.js';

const MOST_LISTED = 500;

@Injectable()
export class ShowRequests {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly book: PracticeBook,
    private readonly rules: AgentRulesBook,
    private readonly permissions: ShowPermissions,
  ) {}

  /** Those that wait, then newest first. */
  async list(practiceId: string, state?: RequestState): Promise<AccessRequestSummary[]> {
    const rows = await this.requests(practiceId)
      .$if(state !== undefined, (query) =>
        query.where('access_requests.state', '=', state as RequestState),
      )
      .execute();
    const running = await this.permissions.running(practiceId);
    return rows.map((row) => summaryOf(row, runningAt(running, row)));
  }

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND */
  async find(practiceId: string, accessRequestId: string): Promise<AccessRequest> {
    const row = await this.requests(practiceId)
      .where('access_request_id', '=', accessRequestId)
      .executeTakeFirst();
    if (!row) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
    const { integrator_id: integratorId } = row;
    const site = await this.book.site(practiceId, row.site_id);
    const held = (await this.permissions.list(practiceId)).find(
      (one) =>
        one.integratorId === integratorId &&
        ['active', 'proposed'].includes(one.state) &&
        one.sites.some(({ siteId }) => siteId === row.site_id),
    );
    const running = runningAt(await this.permissions.running(practiceId), row);
    const ceiling = await this.ceilingOf(practiceId, site.agentId);
    const asked = row.asked as AskedAccess;
    const { scopes, catalogues, purposes } = asked;
    const at = { siteIds: [row.site_id], integratorId };
    const statements = await textsAsked(this.database, { ...at, scopes });
    return {
      ...summaryOf(row, running),
      version: versionOfAsked(asked),
      integrator: await readDeclaration(this.database, integratorId),
      asked: {
        scopes: scopes.map((scope) => scopeWords(scope, statements)),
        catalogues,
        purposes: purposes.map((code) => ({ code, words: purposeText(code) })),
      },
      statements,
      catalogues: site.catalogues,
      ...(ceiling && { ceiling }),
      ...(held && { held }),
      ...(running && { running: termsOf(running) }),
    };
  }

  private async ceilingOf(
    practiceId: string,
    agentId: string | undefined,
  ): Promise<CeilingWords | undefined> {
    const agents = await this.rules.ofPractice(practiceId);
    const ceiling = agents.find((one) => one.agentId === agentId)?.rules?.ceiling;
    if (!ceiling) return undefined;
    const { rawSqlReads, rawSqlWrites, procedures, maxDays, maxRows, maxPerMinute } = ceiling;
    return { rawSqlReads, rawSqlWrites, procedures, maxDays, maxRows, maxPerMinute };
  }

  private requests(practiceId: string) {
    return (
      this.database
        .selectFrom('access_requests')
        .innerJoin('sites', 'sites.site_id', 'access_requests.site_id')
        .innerJoin('integrators', 'integrators.integrator_id', 'access_requests.integrator_id')
        .select(['access_request_id', 'access_requests.state', 'access_requests.site_id', 'asked'])
        .select(['sites.name as site_name', 'integrators.name as integrator_name'])
        .select(['access_requests.integrator_id', 'access_requests.created_at'])
        .select(['decided_at', 'decline_reason'])
        .where('practice_id', '=', practiceId)
        // However many were decided since, what waits is there.
        .orderBy((row) => row('access_requests.state', '=', 'pending'), 'desc')
        .orderBy('access_requests.created_at', 'desc')
        .orderBy('access_request_id')
        .limit(MOST_LISTED)
    );
  }
}

interface RequestRow {
  access_request_id: string;
  state: RequestState;
  site_id: string;
  site_name: string;
  integrator_id: string;
  integrator_name: string;
  created_at: Date;
  decided_at: Date | null;
  decline_reason: string | null;
}

type AskedAt = Pick<RequestRow, 'integrator_id' | 'site_id'>;

const runningAt = (all: readonly Grant[], at: AskedAt): Grant | undefined =>
  all.find((one) => one.integratorId === at.integrator_id && one.siteIds.includes(at.site_id));

function termsOf({ grantId, expires, limits, ...terms }: Grant): RunningTerms {
  const { scopes, catalogues, purposes } = terms;
  const { rows, hours } = limits;
  return {
    ...{ grantId, expires, scopes, catalogues, purposes },
    ...(rows !== undefined && { rows }),
    ...(hours && { hours: { days: hours.days, from: hours.from, to: hours.to } }),
  };
}

const summaryOf = (row: RequestRow, running: Grant | undefined): AccessRequestSummary => ({
  accessRequestId: row.access_request_id,
  state: row.state,
  integratorId: row.integrator_id,
  integratorName: row.integrator_name,
  siteId: row.site_id,
  siteName: row.site_name,
  createdAt: row.created_at.toISOString(),
  ...(running && row.state === 'pending' && { isMore: true as const }),
  ...(row.decided_at && { decidedAt: row.decided_at.toISOString() }),
  ...(row.decline_reason !== null && { declineReason: row.decline_reason as DeclineReason }),
});
