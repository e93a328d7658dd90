/** An integrator's own statements, and how each stands at the sites that were asked for it. */
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { GrantBook } from '#apps/broker/src/grants/grant-book.port.js';
import { statementLimit } from '#apps/broker/src/statements/statement-shelf.js';
import { scopeOfStatement, statementText } from '#apps/broker/src/statements/statement-texts.js';
import type {
  Statements,
  StatementStanding,
  SubmittedStatement,
} from '#libs/console-api/statement.js';
import type { Database } from '#libs/db/schema.js';
import type { AskedAccess } from '#libs/grants/grant-messages.js';

type SiteOfStatement = SubmittedStatement['sites'][number];

@Injectable()
export class ShowStatements {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly grants: GrantBook,
  ) {}

  async list(integratorId: string): Promise<Statements> {
    const rows = await this.database
      .selectFrom('submitted_statements')
      .leftJoin('people', 'people.person_id', 'submitted_by')
      .selectAll('submitted_statements')
      .select('people.name as submitted_by_name')
      .where('integrator_id', '=', integratorId)
      .where('withdrawn_at', 'is', null)
      .orderBy('submitted_at', 'desc')
      .orderBy('statement_id')
      .execute();
    const sites = await this.sites(integratorId);
    const statements = rows.map((row) => ({
      statementId: row.statement_id,
      ...statementText(row),
      createdAt: row.submitted_at.toISOString(),
      ...(row.submitted_by_name !== null && { createdByName: row.submitted_by_name }),
      sites: sites.get(row.statement_id) ?? [],
    }));
    return { statements, limit: statementLimit };
  }

  private async sites(integratorId: string): Promise<Map<string, SiteOfStatement[]>> {
    const rows = await this.database
      .selectFrom('statement_asks')
      .innerJoin(
        'submitted_statements',
        'submitted_statements.statement_id',
        'statement_asks.statement_id',
      )
      .innerJoin('sites', 'sites.site_id', 'statement_asks.site_id')
      .select(['statement_asks.statement_id', 'sha256', 'asked_at'])
      .select(['sites.site_id', 'sites.name'])
      .where('integrator_id', '=', integratorId)
      .where('withdrawn_at', 'is', null)
      .orderBy('sites.name')
      .orderBy('sites.site_id')
      .execute();
    const waiting = await this.waiting(integratorId);
    const found = new Map<string, SiteOfStatement[]>();
    for (const row of rows) {
      const scope = scopeOfStatement(row.sha256);
      const at: SiteOfStatement = {
        siteId: row.site_id,
        name: row.name,
        askedAt: row.asked_at.toISOString(),
        standing: this.standing(row.site_id, integratorId, scope, waiting),
      };
      found.set(row.statement_id, [...(found.get(row.statement_id) ?? []), at]);
    }
    return found;
  }

  private standing(
    siteId: string,
    integratorId: string,
    scope: string,
    waiting: ReadonlySet<string>,
  ): StatementStanding {
    const lookup = this.grants.find(siteId, integratorId);
    if (lookup.state === 'active' && lookup.grant.scopes.includes(scope)) return 'permitted';
    return waiting.has(`${siteId} ${scope}`) ? 'waiting' : 'not-permitted';
  }

  /** `<siteId> <scope>` of all that practices have still to decide on. */
  private async waiting(integratorId: string): Promise<ReadonlySet<string>> {
    const rows = await this.database
      .selectFrom('access_requests')
      .select(['site_id', 'asked'])
      .where('integrator_id', '=', integratorId)
      .where('state', '=', 'pending')
      .execute();
    return new Set(
      rows.flatMap((row) =>
        (row.asked as AskedAccess).scopes.map((scope) => `${row.site_id} ${scope}`),
      ),
    );
  }
}
