/**
 * The broker's append-only record of acts. Promises: one record per act, never a payload; a
 * security act whose record cannot be stored does not happen; data-path records are stored within
 * five seconds or dispatch stops. Reading and proving the log comes with its Merkle tree.
 */
import { Global, Module } from '@nestjs/common';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { StoredAuditTrail } from '#apps/broker/src/audit/audit-trail.postgres.js';

@Global()
@Module({
  providers: [StoredAuditTrail, { provide: AuditTrail, useExisting: StoredAuditTrail }],
  exports: [AuditTrail, StoredAuditTrail],
})
export class AuditModule {}
