import { Injectable } from '@nestjs/common';
import { Kysely, type Selectable } from 'kysely';
import type { ListDeliveriesDto } from '#libs/contracts/webhooks.js';
import type { Database, WebhookAttemptsTable, WebhookDeliveriesTable } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

type DeliveryRow = Selectable<WebhookDeliveriesTable>;
type AttemptRow = Selectable<WebhookAttemptsTable>;
export type DeliveryView = Record<string, unknown>;

const DEFAULT_LIMIT = 50;

/** What became of the deliveries of one endpoint. Receivers' answers are not kept, so not shown. */
@Injectable()
export class DeliveryLog {
  constructor(private readonly kysely: Kysely<Database>) {}

  /** Newest first. @throws ConduitError WEBHOOK_DELIVERY_NOT_FOUND for an unknown `after` */
  async list(
    webhookId: string,
    { limit, state, after }: ListDeliveriesDto,
  ): Promise<{ deliveries: DeliveryView[]; next?: string }> {
    const count = limit === undefined ? DEFAULT_LIMIT : Number(limit);
    let query = this.kysely
      .selectFrom('webhook_deliveries')
      .selectAll()
      .where('webhook_id', '=', webhookId);
    if (state !== undefined) query = query.where('state', '=', state);
    if (after !== undefined) {
      const { created_at: createdAt } = await this.find(webhookId, after);
      query = query.where((row) =>
        row.or([
          row('created_at', '<', createdAt),
          row.and([row('created_at', '=', createdAt), row('delivery_id', '<', after)]),
        ]),
      );
    }
    const rows = await query
      .orderBy('created_at', 'desc')
      .orderBy('delivery_id', 'desc')
      .limit(count + 1)
      .execute();
    const shown = rows.slice(0, count);
    const next = rows.length > count ? shown.at(-1)?.delivery_id : undefined;
    return { deliveries: await this.views(shown), ...(next !== undefined && { next }) };
  }

  /** @throws ConduitError WEBHOOK_DELIVERY_NOT_FOUND */
  async one(webhookId: string, deliveryId: string): Promise<DeliveryView> {
    const [view] = await this.views([await this.find(webhookId, deliveryId)]);
    return view as DeliveryView;
  }

  private async find(webhookId: string, deliveryId: string): Promise<DeliveryRow> {
    const row = await this.kysely
      .selectFrom('webhook_deliveries')
      .selectAll()
      .where('delivery_id', '=', deliveryId)
      .where('webhook_id', '=', webhookId)
      .executeTakeFirst();
    if (!row) throw new ConduitError('WEBHOOK_DELIVERY_NOT_FOUND');
    return row;
  }

  private async views(rows: DeliveryRow[]): Promise<DeliveryView[]> {
    const ids = rows.map((row) => row.delivery_id);
    const attempts = await this.kysely
      .selectFrom('webhook_attempts')
      .selectAll()
      .where('delivery_id', 'in', ['', ...ids])
      .orderBy('attempt')
      .execute();
    return rows.map((row) =>
      deliveryView(
        row,
        attempts.filter((attempt) => attempt.delivery_id === row.delivery_id),
      ),
    );
  }
}

function deliveryView(row: DeliveryRow, attempts: AttemptRow[]): DeliveryView {
  return {
    id: row.delivery_id,
    eventId: row.event_id,
    type: row.type,
    ...(row.site_id !== null && { siteId: row.site_id }),
    ...(row.query_id !== null && { queryId: row.query_id }),
    ...(row.grant_id !== null && { grantId: row.grant_id }),
    occurredAt: row.occurred_at.toISOString(),
    state: row.state,
    ...(row.state === 'pending' && { nextAttemptAt: row.due_at.toISOString() }),
    ...(row.ended_at && { endedAt: row.ended_at.toISOString() }),
    attempts: attempts.map((attempt) => ({
      attempt: attempt.attempt,
      startedAt: attempt.started_at.toISOString(),
      durationMs: attempt.duration_ms,
      ...(attempt.status_code !== null && { statusCode: attempt.status_code }),
      ...(attempt.error !== null && { error: attempt.error }),
    })),
  };
}
