import { Injectable } from '@nestjs/common';
import { LineNews } from '#apps/broker/src/async-queries/line-news.js';
import { isEnded, type QueryRecord } from '#apps/broker/src/async-queries/query-record.js';
import { QueryRecords } from '#apps/broker/src/async-queries/query-records.js';
import { SiteLines } from '#apps/broker/src/async-queries/site-lines.js';
import { BackgroundJobs } from '#apps/broker/src/jobs/background-jobs.js';
import { RunsJob } from '#apps/broker/src/jobs/runs-job.decorator.js';
import { Clock } from '#libs/kernel/clock.js';
import type { JobHandler } from '#libs/queue/job-handlers.js';

/**
 * A submitted query joins the line of its site, and the node that holds the site's link hears of it.
 * Where the line does not answer (a cluster's node that is gone for a while), a job does that later.
 */
@Injectable()
@RunsJob()
export class DispatchQuery implements JobHandler<'query.dispatch'> {
  readonly job = 'query.dispatch';

  constructor(
    private readonly records: QueryRecords,
    private readonly lines: SiteLines,
    private readonly news: LineNews,
    private readonly jobs: BackgroundJobs,
    private readonly clock: Clock,
  ) {}

  /**
   * Of a query that is in the store: its end is certain before it stands in line.
   * @throws ConduitError QUEUE_UNAVAILABLE: it may go on all the same
   */
  async begin(record: QueryRecord): Promise<void> {
    const { id: queryId, siteId, integratorId, deadlineMs: deadline } = record;
    const delayMs = deadline - this.clock.now();
    await this.jobs.add('query.expire', { queryId }, { delayMs, jobId: queryId });
    await this.join(record).catch(() =>
      this.jobs.add('query.dispatch', { queryId, siteId, integratorId }, { deadline }),
    );
  }

  async execute({ queryId = '' }: Readonly<Record<string, string>>): Promise<void> {
    const record = await this.records.read(queryId);
    if (record && !isEnded(record)) await this.join(record);
  }

  /** Again is harmless: it stands in line once, and a claimed query is left alone. */
  async join(record: QueryRecord): Promise<void> {
    await this.lines.join(record);
    await this.news.tell(record.siteId);
  }
}
