/** A load of HTTPS requests from this process: so many at once, for so long. */
import { readFileSync } from 'node:fs';
import { Pool } from 'undici';

export interface Target {
  origin: string;
  caFile: string;
  path: string;
  headers: Record<string, string>;
  body: string;
}

export interface LoadResult {
  requests: number;
  perSecond: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  /** Answers that say no. */
  refused: number;
}

/** The value below which the given share (0..1) of the samples lie. */
export function quantile(samples: number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

export const median = (samples: number[]): number => quantile(samples, 0.5);

export interface LoadWishes {
  concurrency: number;
  durationMs?: number;
  /** In place of a duration. */
  while?: () => boolean;
  /** Of each worker between an answer and its next request. */
  pauseMs?: number;
}

/** Keeps `concurrency` requests under way, each worker on its own connection. */
export async function load(target: Target, wishes: LoadWishes): Promise<LoadResult> {
  const { concurrency, durationMs = Infinity, pauseMs = 0, while: goesOn = () => true } = wishes;
  const pool = new Pool(target.origin, {
    connections: concurrency,
    pipelining: 1,
    connect: { ca: readFileSync(target.caFile) },
  });
  const latencies: number[] = [];
  let refused = 0;
  const started = performance.now();
  const worker = async (): Promise<void> => {
    while (goesOn() && performance.now() - started < durationMs) {
      const sent = performance.now();
      const answer = await pool.request({
        path: target.path,
        method: 'POST',
        headers: target.headers,
        body: target.body,
      });
      await answer.body.dump({ limit: 64 * 1024 * 1024 });
      latencies.push(performance.now() - sent);
      if (answer.statusCode >= 300) refused += 1;
      if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const seconds = (performance.now() - started) / 1000;
  await pool.close();
  return {
    requests: latencies.length,
    perSecond: latencies.length / seconds,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    refused,
  };
}
