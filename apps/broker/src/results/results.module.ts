/**
 * Sealed results between the practice and their caller. Promises: what lies here opens with the
 * caller's key alone; no integrator fills the store for the others; nothing is kept past its time,
 * and every removal leaves a receipt in the audit.
 */
import { Module } from '@nestjs/common';
import { JobsModule } from '#apps/broker/src/jobs/jobs.module.js';
import { PurgeResult } from '#apps/broker/src/results/purge-result.js';
import { ResultStore } from '#apps/broker/src/results/result-store.port.js';
import { RedisResultStore } from '#apps/broker/src/results/result-store.redis.js';
import { SweepHeld } from '#apps/broker/src/results/sweep-held.js';

@Module({
  imports: [JobsModule],
  providers: [
    PurgeResult,
    RedisResultStore,
    SweepHeld,
    { provide: ResultStore, useExisting: RedisResultStore },
  ],
  exports: [ResultStore],
})
export class ResultsModule {}
