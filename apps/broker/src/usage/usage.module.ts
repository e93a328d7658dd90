/**
 * How much an integrator used each site: counts, sizes and durations by day. Promises: sums only,
 * sizes to the kilobyte, no statement and no row; exact over all nodes within seconds; an integrator
 * sees its own and, with a key that is bound to sites, only those.
 */
import { Global, Module } from '@nestjs/common';
import { ReadUsage } from '#apps/broker/src/usage/read-usage.js';
import { UsageBook } from '#apps/broker/src/usage/usage-book.port.js';
import { StoredUsageBook } from '#apps/broker/src/usage/usage-book.postgres.js';
import { UsageController } from '#apps/broker/src/usage/usage.controller.js';

@Global()
@Module({
  controllers: [UsageController],
  providers: [ReadUsage, { provide: UsageBook, useClass: StoredUsageBook }],
  exports: [UsageBook],
})
export class UsageModule {}
