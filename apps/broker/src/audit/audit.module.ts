/**
 * The broker's append-only record of acts. Promises: one record per act, never a payload; a
 * security act whose record cannot be stored does not happen; data-path records are stored within
 * five seconds or dispatch stops. Reading and proving the log comes with its Merkle tree.
 */
import { Global, Module } from '@nestjs/common';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { StoredAuditTrail } from '#apps/broker/src/audit/audit-trail.postgres.js';
import { LogKey } from '#apps/broker/src/audit/log-key.js';
import { LogSequencer } from '#apps/broker/src/audit/log-sequencer.js';
import { LogTiles } from '#apps/broker/src/audit/log-tiles.js';
import { SequenceRecords } from '#apps/broker/src/audit/sequence-records.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';

@Global()
@Module({
  providers: [
    StoredAuditTrail,
    { provide: AuditTrail, useExisting: StoredAuditTrail },
    {
      provide: LogKey,
      useFactory: ({ trustDomain, auditLogKey }: BrokerConfig) =>
        new LogKey(`${trustDomain}/audit`, auditLogKey.reveal()),
      inject: [BrokerConfig],
    },
    LogSequencer,
    LogTiles,
    SequenceRecords,
  ],
  exports: [AuditTrail, LogKey, LogSequencer, LogTiles, StoredAuditTrail],
})
export class AuditModule {}
