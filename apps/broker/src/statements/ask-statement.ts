/** Asks a site for a statement: part of the request that waits there, or a request of its own. */
import { Injectable } from '@nestjs/common';
import { Kysely, type Transaction } from 'kysely';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { askMore } from '#apps/broker/src/grants/ask-more.js';
import { GrantBook } from '#apps/broker/src/grants/grant-book.port.js';
import { GrantNews } from '#apps/broker/src/grants/grant-news.js';
import { scopeOfStatement } from '#apps/broker/src/statements/statement-texts.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { Grant } from '#libs/grants/grant.js';
import { Clock } from '#libs/kernel/clock.js';

const QUIET_MS = 7 * 86_400_000;

export interface StatementAsk {
  integratorId: string;
  personId: string;
  statementId: string;
  siteId: string;
}

type Within = Transaction<Database>;

const notAskable = () => new ConduitError('STATEMENT_NOT_ASKABLE');

@Injectable()
export class AskStatement {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly grants: GrantBook,
    private readonly audit: AuditTrail,
    private readonly news: GrantNews,
    private readonly clock: Clock,
  ) {}

  /**
   * The same again is no error.
   * @throws ConduitError CONSOLE_ENTRY_NOT_FOUND; STATEMENT_NOT_ASKABLE where the practice has nothing
   *   to decide and permits nothing: asking anew takes a pairing code
   */
  async execute(ask: StatementAsk): Promise<void> {
    const { siteId, integratorId } = ask;
    if (!this.grants.pairedSites(integratorId).includes(siteId))
      throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
    const lookup = this.grants.find(siteId, integratorId);
    const held = lookup.state === 'active' ? lookup.grant : undefined;
    const due = await this.database.transaction().execute((within) => this.ask(within, ask, held));
    await this.news.tell([siteId], due);
  }

  /** The practice has just decided without it: it is not to be asked again and again. */
  private async requireQuiet(within: Within, { statementId, siteId }: StatementAsk): Promise<void> {
    const since = new Date(this.clock.now() - QUIET_MS);
    const row = await within
      .selectFrom('statement_asks')
      .select('site_id')
      .where('statement_id', '=', statementId)
      .where('site_id', '=', siteId)
      .where('asked_at', '>', since)
      .executeTakeFirst();
    if (row) throw notAskable();
  }

  private async ask(within: Within, ask: StatementAsk, held: Grant | undefined) {
    const { siteId, integratorId } = ask;
    const site = await within
      .selectFrom('sites')
      .select('practice_id')
      .where('site_id', '=', siteId)
      .forUpdate()
      .executeTakeFirst();
    const statement = await within
      .selectFrom('submitted_statements')
      .select('sha256')
      .where('statement_id', '=', ask.statementId)
      .where('integrator_id', '=', integratorId)
      .where('withdrawn_at', 'is', null)
      .executeTakeFirst();
    if (!site || !statement) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
    const scope = scopeOfStatement(statement.sha256);
    const more = { scopes: [scope], catalogues: [], purposes: [] };
    const requireQuiet = () => this.requireQuiet(within, ask);
    const outcome = await askMore(within, { siteId, integratorId, more, held, requireQuiet });
    if (outcome === 'not-askable') throw notAskable();
    if (outcome === 'known') return [];
    await within
      .insertInto('statement_asks')
      .values({
        ...{ statement_id: ask.statementId, site_id: siteId, asked_by: ask.personId },
        asked_at: new Date(this.clock.now()),
      })
      .onConflict((again) =>
        again.columns(['statement_id', 'site_id']).doUpdateSet((row) => ({
          asked_by: row.ref('excluded.asked_by'),
          asked_at: row.ref('excluded.asked_at'),
        })),
      )
      .execute();
    await this.audit.record(
      {
        type: 'statement.asked',
        practice: site.practice_id,
        site: siteId,
        integrator: integratorId,
        actorRef: ask.personId,
        statementRef: scope,
      },
      within,
    );
    return this.news.record(within, { type: 'grant.requested', integratorId, siteIds: [siteId] });
  }
}
