/**
 * The broker as it is shipped, but deaf to the data path's records: what the audit costs is what it is
 * faster by. No setting of the product can do this.
 */
import { StoredAuditTrail } from '#apps/broker/src/audit/audit-trail.postgres.js';

StoredAuditTrail.prototype.note = () => undefined;

await import('#apps/broker/src/main.js');
