/**
 * What runs in the background: opens the queues of libs/queue for this node's roles and finds the
 * handlers that rooms mark with `@RunsJob()`. Promises: a broker whose jobs have not exactly one
 * handler each does not start; without Redis nothing is taken in and the log says so; a node that
 * stops lets its running jobs finish.
 */
import { Module } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService } from '@nestjs/core';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { BackgroundJobs } from '#apps/broker/src/jobs/background-jobs.js';
import { RunsJob } from '#apps/broker/src/jobs/runs-job.decorator.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import type { JobHandler } from '#libs/queue/job-handlers.js';

const markedHandlers = (discovery: DiscoveryService): JobHandler[] =>
  discovery
    .getProviders({ metadataKey: RunsJob.KEY })
    .map(({ instance }) => instance as JobHandler);

@Module({
  imports: [DiscoveryModule],
  providers: [
    {
      provide: BackgroundJobs,
      useFactory: (config: BrokerConfig, log: EventLog, discovery: DiscoveryService) =>
        new BackgroundJobs(config, log, () => markedHandlers(discovery)),
      inject: [BrokerConfig, EventLog, DiscoveryService],
    },
  ],
  exports: [BackgroundJobs],
})
export class JobsModule {}
