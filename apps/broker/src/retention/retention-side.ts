/** Whose retention is looked at or decided on: a practice's own, or, for the operator, any tenant's. */
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import type { AuditScope } from '#libs/db/read-audit.js';

/** Absent: the operator's. */
export interface RetentionSide {
  practiceId?: string;
}

export const scopeOfSide = ({ practiceId }: RetentionSide): AuditScope =>
  practiceId === undefined ? { kind: 'operator' } : { kind: 'practice', practiceId };

/** What each record of a decision says of who decided for whom. */
export const decisionRefs = (
  tenant: { practiceId?: string | null; integratorId?: string | null; siteId?: string | null },
  { personId }: SignedInPerson,
): Pick<AuditRecord, 'practice' | 'integrator' | 'site' | 'actorRef'> => ({
  ...(tenant.practiceId && { practice: tenant.practiceId }),
  ...(tenant.integratorId && { integrator: tenant.integratorId }),
  ...(tenant.siteId && { site: tenant.siteId }),
  actorRef: personId,
});
