/**
 * P7: an async query from its submit until its owner reads that it was successful, 64 under way at
 * once, over a bare BullMQ job from its add until it was processed, on the same Redis.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Queue, Worker } from 'bullmq';
import { Pool } from 'undici';
import { startBenchConduit } from '#test/bench/bench-conduit.js';
import { interleave, type Scenario } from '#test/bench/scenario.js';
import { openRedis } from '#libs/redis/open-redis.js';
import type { TestConduit } from '#test/support/start-conduit.js';

const concurrency = 64;
const durationMs = 6_000;
const pollMs = 50;
const body = JSON.stringify({ command: { text: `SELECT '${'x'.repeat(960)}' AS filler` } });

/** Submits, and looks by the batch at what became of them. */
class AsyncClient {
  private readonly pool: Pool;
  private readonly headers: Record<string, string>;

  constructor(private readonly test: TestConduit) {
    const { apiOrigin, caFile } = test.conduit;
    const connect = { ca: readFileSync(caFile) };
    this.pool = new Pool(apiOrigin, { connections: concurrency, pipelining: 1, connect });
    this.headers = {
      'content-type': 'application/json',
      'ocp-apim-subscription-key': test.integrator.subscriptionKey,
    };
  }

  /** @returns successful queries a second */
  async rate(): Promise<number> {
    const under = new Set<string>();
    let successful = 0;
    let starting = 0;
    const started = performance.now();
    const isOver = () => performance.now() - started > durationMs;
    while (!isOver() || under.size + starting > 0) {
      while (!isOver() && under.size + starting < concurrency) {
        starting += 1;
        void this.submit().then((id) => {
          starting -= 1;
          under.add(id);
        });
      }
      await new Promise((resolve) => setTimeout(resolve, pollMs));
      for (const id of await this.ended([...under])) {
        under.delete(id);
        successful += 1;
      }
    }
    return successful / ((performance.now() - started) / 1_000);
  }

  close(): Promise<void> {
    return this.pool.close();
  }

  private async submit(): Promise<string> {
    return (await this.post<{ id: string }>('/async', body, 201)).id;
  }

  private async ended(queryIds: string[]): Promise<string[]> {
    if (queryIds.length === 0) return [];
    const asked = JSON.stringify({ queryIds });
    const { results } = await this.post<{ results: Answered[] }>('/status', asked, 200);
    const states = results.map(({ query }) => query);
    const failed = states.find(({ status }) => /Failed|expired|cancelled/.test(status));
    if (failed) throw new Error('an async query did not succeed: the figures would mean nothing');
    return states.filter(({ status }) => status === 'successful').map(({ id }) => id);
  }

  private async post<Answer>(path: string, text: string, expected: number): Promise<Answer> {
    const answer = await this.pool.request({
      path: `${this.test.queriesPath}${path}`,
      method: 'POST',
      headers: this.headers,
      body: text,
    });
    const words = await answer.body.text();
    if (answer.statusCode !== expected) throw new Error('the bench was refused');
    return JSON.parse(words) as Answer;
  }
}

interface Answered {
  query: { id: string; status: string };
}

/** Jobs with the ids of a query in them, added and processed in this process. */
class BareQueue {
  private readonly connection;
  private readonly queue: Queue;
  private readonly worker: Worker;
  private readonly waiting = new Map<string, () => void>();

  constructor(redisUrl: string) {
    this.connection = openRedis(redisUrl, 'waits');
    const place = { connection: this.connection, prefix: '{bench}' };
    this.queue = new Queue('bare', place);
    this.worker = new Worker(
      'bare',
      (job) => {
        this.waiting.get((job.data as { queryId: string }).queryId)?.();
        return Promise.resolve();
      },
      { ...place, concurrency },
    );
  }

  async rate(): Promise<number> {
    let done = 0;
    const started = performance.now();
    const trip = async (): Promise<void> => {
      while (performance.now() - started < durationMs) {
        const queryId = randomUUID();
        const processed = new Promise<void>((resolve) => this.waiting.set(queryId, resolve));
        await this.queue.add('job', { queryId, siteId: queryId }, { removeOnComplete: true });
        await processed;
        this.waiting.delete(queryId);
        done += 1;
      }
    };
    await Promise.all(Array.from({ length: concurrency }, trip));
    return done / ((performance.now() - started) / 1_000);
  }

  async close(): Promise<void> {
    await this.worker.close();
    await this.queue.close();
    this.connection.disconnect();
  }
}

export const asyncRate: Scenario = {
  id: 'P7',
  title: 'async query, submit to successful, scripted database, 64 at once',
  bar: '>= 0.5 of a bare BullMQ add and process',
  holds: (figure) => figure >= 0.5,
  async measure(rounds) {
    const test = await startBenchConduit({}, { scripted: true });
    const client = new AsyncClient(test);
    const bare = new BareQueue(test.conduit.redis?.url ?? '');
    try {
      const rates = await interleave(
        rounds,
        () => client.rate(),
        () => bare.rate(),
      );
      return {
        figure: rates.product / rates.floor,
        unit: 'ratio',
        product: `${rates.product.toFixed(0)} queries/s`,
        floor: `${rates.floor.toFixed(0)} jobs/s`,
      };
    } finally {
      await bare.close();
      await client.close();
      await test.stop();
    }
  },
};
