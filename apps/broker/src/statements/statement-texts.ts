/** Statements as those may read them who were asked: the practice of a site, at its own sites alone. */
import type { Kysely, Selectable, Transaction } from 'kysely';
import type { StatementText } from '#libs/console-api/statement.js';
import type { Database } from '#libs/db/schema.js';
import type { SubmittedStatementsTable } from '#libs/db/statements-tables.js';
import type { NamedStatement } from '#libs/grants/grant-messages.js';

type Store = Kysely<Database> | Transaction<Database>;
type TextRow = Pick<
  Selectable<SubmittedStatementsTable>,
  'sha256' | 'name' | 'description' | 'text' | 'changes'
>;

export interface AskedOf {
  siteIds: readonly string[];
  integratorId: string;
  /** Those of other kinds are passed over. */
  scopes: readonly string[];
}

const PREFIX = 'statement:';
export const scopeOfStatement = (sha256: string): string => `${PREFIX}${sha256}`;

export const statementText = (row: TextRow): StatementText => ({
  scope: scopeOfStatement(row.sha256),
  name: row.name,
  description: row.description,
  text: row.text,
  changes: row.changes,
});

/** In the order of the scopes; one that these sites were never asked for is absent. */
export async function textsAsked(
  store: Store,
  { siteIds, integratorId, scopes }: AskedOf,
): Promise<StatementText[]> {
  const hashes = scopes
    .filter((scope) => scope.startsWith(PREFIX))
    .map((scope) => scope.slice(PREFIX.length));
  if (hashes.length === 0 || siteIds.length === 0) return [];
  const rows = await store
    .selectFrom('submitted_statements')
    .innerJoin('statement_asks', 'statement_asks.statement_id', 'submitted_statements.statement_id')
    .select(['sha256', 'name', 'description', 'text', 'changes'])
    .where('integrator_id', '=', integratorId)
    .where('site_id', 'in', siteIds)
    .where('sha256', 'in', hashes)
    .orderBy('submitted_at')
    .execute();
  // A text that was taken back and submitted again goes by its newest name.
  const newest = new Map(rows.map((row) => [row.sha256, statementText(row)]));
  return hashes.flatMap((sha256) => newest.get(sha256) ?? []);
}

/** For the practice's own server, which shows the hash beside the name. */
export async function namesAsked(store: Store, of: AskedOf): Promise<NamedStatement[]> {
  const texts = await textsAsked(store, of);
  return texts.map(({ scope, name }) => ({ sha256: scope.slice(PREFIX.length), name }));
}
