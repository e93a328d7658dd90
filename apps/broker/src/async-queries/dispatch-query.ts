import { Injectable } from '@nestjs/common';
import { isEnded, type QueryRecord } from '#apps/broker/src/async-queries/query-record.js';
import { QueryRecords } from '#apps/broker/src/async-queries/query-records.js';
import { SiteLines } from '#apps/broker/src/async-queries/site-lines.js';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { RunsJob } from '#apps/broker/src/jobs/runs-job.decorator.js';
import type { JobHandler } from '#libs/queue/job-handlers.js';

/** A submitted query joins the line of its site, and the node that holds the site's link hears of it. */
@Injectable()
@RunsJob()
export class DispatchQuery implements JobHandler<'query.dispatch'> {
  readonly job = 'query.dispatch';

  constructor(
    private readonly records: QueryRecords,
    private readonly lines: SiteLines,
    private readonly broadcast: Broadcast,
  ) {}

  async execute({ queryId = '' }: Readonly<Record<string, string>>): Promise<void> {
    const record = await this.records.read(queryId);
    if (record && !isEnded(record)) await this.join(record);
  }

  /** Again is harmless: it stands in line once, and a claimed query is left alone. */
  async join(record: QueryRecord): Promise<void> {
    const queued = this.records.move(record.id, { from: ['initialising'], to: 'queued' });
    await Promise.all([queued, this.lines.join(record)]);
    await this.broadcast.publish('line.joined', record.siteId);
  }
}
