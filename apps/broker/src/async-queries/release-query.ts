import { Injectable } from '@nestjs/common';
import { EndedRecords } from '#apps/broker/src/async-queries/ended-records.js';
import type { QueryRecord } from '#apps/broker/src/async-queries/query-record.js';
import { BackgroundJobs } from '#apps/broker/src/jobs/background-jobs.js';
import { TransientBudget } from '#apps/broker/src/transient/transient-budget.js';

/** Gives back what a query held besides its record. */
@Injectable()
export class ReleaseQuery {
  constructor(
    private readonly budget: TransientBudget,
    private readonly jobs: BackgroundJobs,
    private readonly ended: EndedRecords,
  ) {}

  async execute({ id, integratorId, siteId }: QueryRecord): Promise<void> {
    await Promise.all([
      this.budget.giveBack({ kind: 'request', id, integratorId, siteId }),
      // Should it stay it finds, when it is due, that there is nothing to do.
      this.jobs.remove('query.expire', id).catch(() => false),
      this.ended.note(integratorId, id),
    ]);
  }
}
