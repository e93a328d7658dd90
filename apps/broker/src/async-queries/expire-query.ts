import { Injectable } from '@nestjs/common';
import { EndQuery } from '#apps/broker/src/async-queries/end-query.js';
import {
  isEnded,
  isRunning,
  runningStates,
  waitingStates,
  type QueryRecord,
} from '#apps/broker/src/async-queries/query-record.js';
import { QueryRecords } from '#apps/broker/src/async-queries/query-records.js';
import { SiteLines } from '#apps/broker/src/async-queries/site-lines.js';
import { BackgroundJobs } from '#apps/broker/src/jobs/background-jobs.js';
import { RunsJob } from '#apps/broker/src/jobs/runs-job.decorator.js';
import { Clock } from '#libs/kernel/clock.js';
import type { JobHandler } from '#libs/queue/job-handlers.js';

/** How soon a run is looked at again that was under way at the deadline. */
const LOOK_AGAIN_MS = 60_000;

/** Due at a query's deadline: what waits then has expired, and what ran and was lost has failed. */
@Injectable()
@RunsJob()
export class ExpireQuery implements JobHandler<'query.expire'> {
  readonly job = 'query.expire';

  constructor(
    private readonly records: QueryRecords,
    private readonly lines: SiteLines,
    private readonly end: EndQuery,
    private readonly jobs: BackgroundJobs,
    private readonly clock: Clock,
  ) {}

  async execute({ queryId = '' }: Readonly<Record<string, string>>): Promise<void> {
    const record = await this.records.read(queryId);
    if (!record || isEnded(record)) return;
    const earlyMs = record.deadlineMs - this.clock.now();
    if (earlyMs > 0) return this.comeAgain(queryId, earlyMs);
    const isServed = (await this.lines.place(record)) === 'claimed';
    if (isServed) return this.comeAgain(queryId, LOOK_AGAIN_MS);
    await this.whenOverdue(record);
  }

  /** For a query whose deadline has gone by and that no node serves. @returns whether this ended it */
  whenOverdue(record: QueryRecord): Promise<boolean> {
    if (!isRunning(record)) {
      return this.end.execute(record, { state: 'expiredInQueue', from: waitingStates });
    }
    const set = { errorCode: 'SITE_LOST', errorType: 'haloLink' } as const;
    return this.end.execute(record, { state: 'executionFailed', from: runningStates, set });
  }

  private comeAgain(queryId: string, delayMs: number): Promise<void> {
    return this.jobs.add('query.expire', { queryId }, { delayMs });
  }
}
