/** A job of a running broker that meets bytes which it cannot read, and what its queue keeps of that. */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { keysOf } from '#apps/broker/src/results/result-keys.js';
import { JobQueue } from '#libs/queue/job-queue.js';
import { settle } from '#test/support/settle.js';

export interface FailedJob {
  failedReason: string;
  stacktrace: unknown;
  /** Every key of the queue, as Redis writes it to disk. */
  stored: Buffer;
}

const KEYS = '{conduit:results}:*';
const quiet = { failed() {}, dropped() {}, lost() {}, recovered() {}, faulted() {} };

/** @param marker what a parser's own words would quote */
export async function failJobOverDamage(
  redis: Redis,
  redisUrl: string,
  marker: string,
): Promise<FailedJob> {
  const [ownerId, siteId, integratorId] = [randomUUID(), randomUUID(), randomUUID()];
  const [about] = keysOf(ownerId, 1);
  await redis.hset(about, { until: '1', 'page:1': marker });
  const queue = JobQueue.open({ redisUrl, queue: 'results', report: quiet });
  try {
    // It takes jobs once it is connected.
    await settle('the job is taken', 10_000, () =>
      queue.add('result.purge', { ownerId, siteId, integratorId }).then(
        () => true,
        () => undefined,
      ),
    );
    const { failedReason = '', stacktrace } = await settle('the job fails', 10_000, () =>
      failedJobOf(redis, ownerId),
    );
    const keys = await redis.keys(KEYS);
    const dumps = await Promise.all(keys.map((key) => redis.dumpBuffer(key)));
    const stored = Buffer.concat(dumps.filter((dump) => dump !== null));
    return { failedReason, stacktrace: JSON.parse(stacktrace ?? '[]'), stored };
  } finally {
    await queue.close(1_000);
  }
}

/** As it lies there after its first attempt. */
async function failedJobOf(
  redis: Redis,
  ownerId: string,
): Promise<Record<string, string> | undefined> {
  for (const key of await redis.keys(KEYS)) {
    if ((await redis.type(key)) !== 'hash') continue;
    const job = await redis.hgetall(key);
    if (job['data']?.includes(ownerId) && job['failedReason'] !== undefined) return job;
  }
  return undefined;
}
