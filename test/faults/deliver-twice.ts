/** Puts jobs of queries that are on their way into the queue once more, as a queue may always do. */
import { settle } from '#test/support/settle.js';
import { JobQueue } from '#libs/queue/job-queue.js';

const silent = (): undefined => undefined;

export interface QueryOnItsWay {
  queryId: string;
  siteId: string;
  integratorId: string;
}

export async function deliverTwice(redisUrl: string, queries: QueryOnItsWay[]): Promise<void> {
  const report = {
    dropped: silent,
    failed: silent,
    faulted: silent,
    lost: silent,
    recovered: silent,
  };
  const queue = JobQueue.open({ redisUrl, queue: 'queries', report });
  try {
    await untilOpen(queue, queries);
    for (const { queryId, siteId, integratorId } of queries) {
      const ids = { queryId, siteId, integratorId };
      await queue.add('query.dispatch', ids);
      await queue.add('query.expire', { queryId });
      await queue.add('query.dispatch', ids);
    }
  } finally {
    await queue.close(2_000);
  }
}

/** A queue opens when its Redis is there; the first job that it takes shows it. */
async function untilOpen(queue: JobQueue, [first]: QueryOnItsWay[]): Promise<void> {
  if (!first) return;
  const open = async (): Promise<true | undefined> => {
    try {
      await queue.add('query.expire', { queryId: first.queryId });
      return true;
    } catch {
      return undefined;
    }
  };
  await settle('the queue is open', 10_000, open);
}
