/** Prometheus metrics. Labels come from closed lists: no id, no path a caller wrote, no exact size. */
import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

const QUERY_BUCKETS_SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 30, 60];
const ASYNC_BUCKETS_SECONDS = [0.1, 0.5, 1, 5, 30, 60, 300, 1_800, 7_200];

@Injectable()
export class Metrics {
  readonly registry = new Registry();

  readonly queriesRunning = new Gauge({
    name: 'conduit_queries_running',
    help: 'Immediate queries between their start and their end.',
    registers: [this.registry],
  });

  private readonly requests = new Counter({
    name: 'conduit_http_requests_total',
    help: 'HTTP requests by declared route and class of status.',
    labelNames: ['method', 'route', 'status'] as const,
    registers: [this.registry],
  });

  private readonly queries = new Histogram({
    name: 'conduit_query_duration_seconds',
    help: 'Immediate queries from acceptance to the end of the answer.',
    labelNames: ['mode', 'outcome'] as const,
    buckets: QUERY_BUCKETS_SECONDS,
    registers: [this.registry],
  });

  private readonly asyncQueries = new Histogram({
    name: 'conduit_async_query_duration_seconds',
    help: 'Async queries from submit to their end, whatever it was.',
    labelNames: ['mode', 'outcome'] as const,
    buckets: ASYNC_BUCKETS_SECONDS,
    registers: [this.registry],
  });

  private readonly forwarded = new Counter({
    name: 'conduit_forwarded_requests_total',
    help: 'Requests sent on to the node that holds the link of the agent.',
    labelNames: ['outcome'] as const,
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** @param route as declared; `none` when no route was met */
  countRequest(method: string, route: string, status: number): void {
    this.requests.inc({ method, route, status: `${Math.floor(status / 100)}xx` });
  }

  /** `refused`: the agent was not there any more. */
  countForwarded(outcome: 'taken' | 'refused'): void {
    this.forwarded.inc({ outcome });
  }

  observeQuery(mode: string, outcome: string, durationMs: number): void {
    this.queries.observe({ mode, outcome }, durationMs / 1_000);
  }

  observeAsync(mode: string, outcome: string, durationMs: number): void {
    this.asyncQueries.observe({ mode, outcome }, durationMs / 1_000);
  }
}
