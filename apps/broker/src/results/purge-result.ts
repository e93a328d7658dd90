import { Injectable } from '@nestjs/common';
import { RunsJob } from '#apps/broker/src/jobs/runs-job.decorator.js';
import { RedisResultStore } from '#apps/broker/src/results/result-store.redis.js';
import type { JobHandler } from '#libs/queue/job-handlers.js';

/** A result whose time is over goes; one that was fetched meanwhile gets another visit. */
@Injectable()
@RunsJob()
export class PurgeResult implements JobHandler<'result.purge'> {
  readonly job = 'result.purge';

  constructor(private readonly results: RedisResultStore) {}

  async execute(ids: Readonly<Record<string, string>>): Promise<void> {
    const { ownerId: id = '', siteId = '', integratorId = '' } = ids;
    await this.results.purgeWhenDue({ id, siteId, integratorId });
  }
}
