/** The journal record of a registered query that was taken in: its runs are the agent's own from here on. */
import type { AuditRecord } from '#libs/audit/audit-record.js';
import type { RegisteredDefinition } from '#apps/agent/src/registered/registered-query.js';

export function acceptanceNote(
  { registeredId, siteId, integratorId, keyId, grantId, grantSeq }: RegisteredDefinition,
  fingerprint: string,
): Omit<AuditRecord, 'ts'> {
  return {
    type: 'registered.created',
    ...{ site: siteId, integrator: integratorId, keyId, grantId, grantSeq },
    ...{ queryId: registeredId, lane: 'registered', fingerprint, outcome: 'successful' },
  };
}
