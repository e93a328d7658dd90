import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { DispatchQuery } from '#apps/broker/src/async-queries/dispatch-query.js';
import type { LineNews } from '#apps/broker/src/async-queries/line-news.js';
import type { QueryRecord } from '#apps/broker/src/async-queries/query-record.js';
import type { QueryRecords } from '#apps/broker/src/async-queries/query-records.js';
import type { SiteLines } from '#apps/broker/src/async-queries/site-lines.js';
import type { BackgroundJobs } from '#apps/broker/src/jobs/background-jobs.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { FixedClock } from '#libs/kernel/clock.js';

const clock = new FixedClock(1_800_000_000_000);
const record = {
  id: randomUUID(),
  siteId: randomUUID(),
  integratorId: randomUUID(),
  deadlineMs: clock.now() + 60_000,
} as QueryRecord;

/** @param away what does not answer */
function dispatching(away: 'nothing' | 'line' | 'queue') {
  const steps: string[] = [];
  const step = (name: string, fails: boolean) => (): Promise<void> => {
    steps.push(name);
    return fails ? Promise.reject(new ConduitError('QUEUE_UNAVAILABLE')) : Promise.resolve();
  };
  const lines = { join: step('join', away === 'line') };
  const jobs = {
    add: (job: string) => step(job, away === 'queue')(),
  };
  const query = new DispatchQuery(
    {} as QueryRecords,
    lines as unknown as SiteLines,
    { tell: step('tell', false) } as unknown as LineNews,
    jobs as unknown as BackgroundJobs,
    clock,
  );
  return { query, steps };
}

test('makes its end certain before it stands in line', async () => {
  const { query, steps } = dispatching('nothing');
  await query.begin(record);
  expect(steps).toEqual(['query.expire', 'join', 'tell']);
});

test('leaves it to a job when the line is away', async () => {
  const { query, steps } = dispatching('line');
  await query.begin(record);
  expect(steps).toEqual(['query.expire', 'join', 'query.dispatch']);
});

test('does not stand in line without a job that ends it', async () => {
  const { query, steps } = dispatching('queue');
  await expect(query.begin(record)).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' });
  expect(steps).toEqual(['query.expire']);
});
