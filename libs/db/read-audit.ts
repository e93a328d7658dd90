/**
 * Reading the audit records, or the privacy register, for one tenant. Within, the database itself shows that tenant's rows and no
 * others, whatever the query says or forgets to say: the transaction is a role's that row-level
 * security binds, and it is told whose rows it may see. Nothing can be written in it.
 */
import { sql, type Kysely, type Transaction } from 'kysely';
import { AUDIT_READER } from '#libs/db/audit-reading-migration.js';
import type { Database } from '#libs/db/schema.js';

/** Whose records: a practice's, an integrator's, or what the operator's people did. */
export type AuditScope =
  | { kind: 'practice'; practiceId: string }
  | { kind: 'integrator'; integratorId: string }
  | { kind: 'operator' };

/**
 * @param read sees `audit_records` of the scope, all of `audit_leaves`, a practice's own privacy register, and no
 *   other table
 * @throws what `read` throws
 */
export function readAudit<T>(
  kysely: Kysely<Database>,
  scope: AuditScope,
  read: (within: Transaction<Database>) => Promise<T>,
): Promise<T> {
  const tenant = tenantOf(scope);
  return kysely
    .transaction()
    .setAccessMode('read only')
    .execute(async (within) => {
      await sql`select set_config('conduit.reader', ${scope.kind}, true),
        set_config('conduit.tenant', ${tenant}, true)`.execute(within);
      await sql`set local role ${sql.id(AUDIT_READER)}`.execute(within);
      return read(within);
    });
}

function tenantOf(scope: AuditScope): string {
  if (scope.kind === 'operator') return '';
  return scope.kind === 'practice' ? scope.practiceId : scope.integratorId;
}
