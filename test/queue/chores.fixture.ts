/** Handlers and waits that the tests of the queue share. */
import { randomUUID } from 'node:crypto';
import type { JobTerms } from '#libs/queue/job-queue.js';
import type { QueueNode } from '#test/queue/queue-node.fixture.js';
import type { TestRedis } from '#test/support/test-redis.js';

/** For the tests in which nothing but `site.visit` should run. */
export const quiet = { ticking: { everyMs: 3_600_000 } };

/** A handler that holds its visits until they are released. */
export function held() {
  let release = () => undefined as void;
  const gate = new Promise<void>((resolve) => (release = resolve));
  return {
    does: (job: string) => (job === 'site.visit' ? gate : undefined),
    release: () => release(),
  };
}

/** Adds a visit as soon as the node is there, and answers its id. */
export async function added(node: QueueNode, terms?: JobTerms): Promise<string> {
  await node.ran(1);
  const siteId = randomUUID();
  await node.queue.add('site.visit', { siteId }, terms);
  return siteId;
}

/** The ids of the jobs that Redis says were completed, in order. */
export async function completedJobs({ client }: TestRedis): Promise<string[]> {
  const entries = await client.xrange('{conduit:chores}:chores:events', '-', '+');
  const events = entries.map(([, fields]) => fields);
  return events.filter((f) => f[1] === 'completed').map((f) => f[f.indexOf('jobId') + 1] ?? '');
}

/** Until so many jobs are done, in the books of Redis too. */
export async function completed(redis: TestRedis, times: number): Promise<void> {
  while ((await completedJobs(redis)).length < times) await new Promise((go) => setTimeout(go, 20));
}
