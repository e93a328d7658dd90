/** Whose records are asked for, and which of those that name it are not for its eyes. */
import type { AuditAction, AuditRecord } from '#libs/audit/audit-record.js';
import type { AuditScope } from '#libs/db/read-audit.js';

export type ProofTenant =
  { practiceId: string; integratorId?: never } | { practiceId?: never; integratorId: string };

/** What a practice is about to do is its own. */
const notForIntegrators: readonly AuditAction[] = ['pairing-code.created', 'grant.proposed'];

export function isOwn({ practiceId, integratorId }: ProofTenant, record: AuditRecord): boolean {
  if (practiceId !== undefined) return record.practice === practiceId;
  return record.integrator === integratorId && !notForIntegrators.includes(record.type);
}

/** As whom the database is read: it shows nothing of another tenant's. */
export const scopeOf = ({ practiceId, integratorId }: ProofTenant): AuditScope =>
  practiceId !== undefined
    ? { kind: 'practice', practiceId }
    : { kind: 'integrator', integratorId };
