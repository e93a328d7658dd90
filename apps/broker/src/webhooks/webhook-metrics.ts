import { Injectable } from '@nestjs/common';
import { Kysely, sql } from 'kysely';
import { Counter, Gauge } from 'prom-client';
import { Metrics } from '#apps/broker/src/health/metrics.js';
import type { AttemptOutcome } from '#apps/broker/src/webhooks/retry-plan.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';

/** How webhooks fare altogether. The gauges are read from the store when they are asked for. */
@Injectable()
export class WebhookMetrics {
  private readonly attempts: Counter<'outcome'>;

  constructor(
    metrics: Metrics,
    private readonly kysely: Kysely<Database>,
    private readonly clock: Clock,
  ) {
    const registers = [metrics.registry];
    this.attempts = new Counter({
      name: 'conduit_webhook_attempts_total',
      help: 'Attempts to deliver a webhook by this node: delivered, or why not.',
      labelNames: ['outcome'] as const,
      registers,
    });
    const pending = new Gauge({
      name: 'conduit_webhook_deliveries_pending',
      help: 'Deliveries in the store that have not ended.',
      registers,
    });
    const oldest: Gauge = new Gauge({
      name: 'conduit_webhook_oldest_due_seconds',
      help: 'How late the delivery is that should have been tried first.',
      registers,
      collect: () => this.readDeliveries(pending, oldest),
    });
    const endpoints: Gauge<'state'> = new Gauge({
      name: 'conduit_webhook_endpoints',
      help: 'Endpoints that are well, failing, paused by their owner or paused for failing.',
      labelNames: ['state'] as const,
      registers,
      collect: () => this.readEndpoints(endpoints),
    });
  }

  countAttempt({ error }: AttemptOutcome): void {
    this.attempts.inc({ outcome: error ?? 'delivered' });
  }

  /** While the store is away the last figures stand. */
  private async readDeliveries(pending: Gauge, oldest: Gauge): Promise<void> {
    const row = await this.kysely
      .selectFrom('webhook_deliveries')
      .select((it) => [it.fn.countAll<string>().as('count'), it.fn.min('due_at').as('first')])
      .where('state', '=', 'pending')
      .executeTakeFirst()
      .catch(() => undefined);
    if (!row) return;
    const lateMs = row.first ? this.clock.now() - row.first.getTime() : 0;
    pending.set(Number(row.count));
    oldest.set(Math.max(0, lateMs) / 1_000);
  }

  private async readEndpoints(endpoints: Gauge<'state'>): Promise<void> {
    const state = sql<string>`case
      when pause_reason = 'asked' then 'paused'
      when pause_reason = 'failing' then 'paused-failing'
      when failing_since is not null then 'failing'
      else 'well' end`;
    const rows = await this.kysely
      .selectFrom('webhook_endpoints')
      .select([state.as('state'), (it) => it.fn.countAll<string>().as('count')])
      .groupBy('state')
      .execute()
      .catch(() => undefined);
    if (!rows) return;
    endpoints.reset();
    for (const row of rows) endpoints.set({ state: row.state }, Number(row.count));
  }
}
