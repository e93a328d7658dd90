/** What is sought among the audit records, as SQL: which index leads to it, and what else must fit. */
import { sql, type RawBuilder, type SqlBool } from 'kysely';
import type { AuditAction } from '#libs/audit/audit-record.js';
import { IS_ACT } from '#libs/db/audit-reading-migration.js';
import type { AuditScope } from '#libs/db/read-audit.js';

export interface SoughtRecords {
  types: readonly AuditAction[];
  /** With a site of its own, so that an integrator's search for a site has an index. */
  practiceId?: string;
  integratorId?: string;
  siteId?: string;
  outcome?: string;
  /** Under one of these documents of permissions (`documentKey`). */
  documents?: readonly string[];
  from?: Date;
  to?: Date;
}

/** Of them none is meant: then the index of all other acts leads there. */
const comeWithQueries = new Set([...IS_ACT.matchAll(/'([^']+)'/g)].map(([, type]) => type));

/**
 * The columns of exactly one index before its time and number. Of those that could be meant, the one
 * with the fewest records.
 */
export function alongIndex(scope: AuditScope, sought: SoughtRecords): RawBuilder<unknown> {
  if (scope.kind === 'operator') return sql`by_operator`;
  const own =
    scope.kind === 'practice'
      ? sql`practice_id = ${scope.practiceId}`
      : sql`integrator_id = ${scope.integratorId}`;
  const { outcome, types, practiceId, integratorId } = sought;
  if (!types.some((type) => comeWithQueries.has(type))) return sql`${own} and ${sql.raw(IS_ACT)}`;
  if (outcome !== undefined && outcome !== 'successful') {
    return sql`${own} and outcome = ${outcome} and outcome <> 'successful'`;
  }
  if (scope.kind === 'practice' && integratorId !== undefined) {
    return sql`${own} and integrator_id = ${integratorId}`;
  }
  if (scope.kind === 'integrator' && practiceId !== undefined) {
    return sql`${own} and practice_id = ${practiceId}`;
  }
  return own;
}

/** The whole filter, whatever the index has settled of it. */
export function fits(sought: SoughtRecords): RawBuilder<SqlBool> {
  const { types, practiceId, integratorId, outcome, siteId, documents } = sought;
  const all = [sql<SqlBool>`type = any(${[...types]}::text[])`];
  if (practiceId !== undefined) all.push(sql`practice_id = ${practiceId}`);
  if (integratorId !== undefined) all.push(sql`integrator_id = ${integratorId}`);
  if (outcome !== undefined) all.push(sql`outcome = ${outcome}`);
  if (siteId !== undefined) all.push(isOfSite(siteId));
  if (documents !== undefined) all.push(sql`${sql.raw(DOCUMENT)} = any(${[...documents]}::text[])`);
  return sql<SqlBool>`(${sql.join(all, sql` and `)})`;
}

/**
 * SQL: the site is this one. Records are canonical JSON, in whose texts a quote is always escaped, so this
 * sequence of characters can be nothing but the field itself.
 */
const isOfSite = (siteId: string): RawBuilder<SqlBool> =>
  sql<SqlBool>`record like ${`%"site":"${siteId.replace(/[\\%_]/g, '\\$&')}"%`}`;

/**
 * SQL: which document of which permission a record names, as `documentKey` writes it. One text, so that however many
 * are meant a record costs one look into a hash of them. A number is never a record's last field.
 */
const DOCUMENT = `split_part(split_part(record, '"grantId":"', 2), '"', 1) || '/' ||
  split_part(split_part(record, '"grantSeq":', 2), ',', 1)`;
