/** Whose endpoints: an integrator by one of its keys, or by one of its people at the console. */
import type { CallerIdentity } from '#apps/broker/src/access/caller.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';

export interface WebhookOwner extends Pick<CallerIdentity, 'integratorId'> {
  /** Sites that it may hear of; absent: all. */
  key: Pick<CallerIdentity['key'], 'siteIds'>;
  keyId?: string;
  personId?: string;
}

/** Who acted, for an audit record. */
export const actorIn = (
  owner: WebhookOwner,
): Pick<AuditRecord, 'integrator' | 'keyId' | 'actorRef'> => ({
  integrator: owner.integratorId,
  ...(owner.keyId !== undefined && { keyId: owner.keyId }),
  ...(owner.personId !== undefined && { actorRef: owner.personId }),
});
