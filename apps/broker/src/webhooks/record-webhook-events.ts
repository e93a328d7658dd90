import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Kysely, type Insertable, type Transaction } from 'kysely';
import type { WebhookEvent } from '#libs/contracts/webhook-events.js';
import type { Database, WebhookDeliveriesTable } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';
import { uuid8Of } from '#libs/kernel/uuid8.js';

/** Endpoints that want an event, and what they must know of it to decide. */
interface Endpoint {
  webhook_id: string;
  integrator_id: string;
  events: string[];
  site_ids: string[];
  pause_reason: string | null;
}

/** A delivery that may go out now. */
export interface DueDelivery {
  deliveryId: string;
  webhookId: string;
}

const ROWS_AT_ONCE = 500;

/** Writes a delivery for each endpoint that wants an event, once however often the event comes. */
@Injectable()
export class RecordWebhookEvents {
  constructor(
    private readonly kysely: Kysely<Database>,
    private readonly clock: Clock,
  ) {}

  /**
   * @param within the transaction that makes what the events tell of: then they are told exactly when
   * it happened
   * @returns what is due, to be woken after the commit
   */
  async execute(
    events: readonly WebhookEvent[],
    within?: Transaction<Database>,
  ): Promise<DueDelivery[]> {
    if (events.length === 0) return [];
    if (within) return this.write(events, within);
    return this.kysely.transaction().execute((own) => this.write(events, own));
  }

  private async write(
    events: readonly WebhookEvent[],
    within: Transaction<Database>,
  ): Promise<DueDelivery[]> {
    const integratorIds = [...new Set(events.map((event) => event.integratorId))];
    const endpoints = await within
      .selectFrom('webhook_endpoints')
      .select(['webhook_id', 'integrator_id', 'events', 'site_ids', 'pause_reason'])
      .where('integrator_id', 'in', integratorIds)
      .orderBy('webhook_id')
      // Until the end: one that is deleted in between would take the whole change with it.
      .forKeyShare()
      .execute();
    const rows = events.flatMap((event) =>
      endpoints.filter((endpoint) => wants(endpoint, event)).map((it) => this.rowFor(it, event)),
    );
    const due: DueDelivery[] = [];
    for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
      const written = await within
        .insertInto('webhook_deliveries')
        .values(rows.slice(at, at + ROWS_AT_ONCE))
        .onConflict((conflict) => conflict.columns(['webhook_id', 'event_id']).doNothing())
        .returning(['delivery_id', 'webhook_id', 'state'])
        .execute();
      for (const row of written) {
        if (row.state !== 'pending') continue;
        due.push({ deliveryId: row.delivery_id, webhookId: row.webhook_id });
      }
    }
    return due;
  }

  private rowFor(endpoint: Endpoint, event: WebhookEvent): Insertable<WebhookDeliveriesTable> {
    const now = new Date(this.clock.now());
    const isPaused = endpoint.pause_reason !== null;
    return {
      delivery_id: randomUUID(),
      webhook_id: endpoint.webhook_id,
      event_id: eventIdOf(event),
      type: event.type,
      site_id: event.siteId,
      query_id: event.queryId ?? null,
      grant_id: event.grantId ?? null,
      occurred_at: new Date(event.occurredAtMs),
      // While it is paused nothing is sent, and nothing is forgotten.
      state: isPaused ? 'held' : 'pending',
      ended_at: isPaused ? now : null,
      due_at: now,
      leased_until: null,
      created_at: now,
    };
  }
}

function wants(endpoint: Endpoint, event: WebhookEvent): boolean {
  return (
    endpoint.integrator_id === event.integratorId &&
    (endpoint.events.length === 0 || endpoint.events.includes(event.type)) &&
    (endpoint.site_ids.length === 0 || endpoint.site_ids.includes(event.siteId))
  );
}

/** An end comes once, whoever says so and when; anything else is told from its like by its moment. */
const comesOnce = (type: string): boolean =>
  type.startsWith('query.') || type === 'registered.ended';

/**
 * The same event gets the same id on every node: a UUID of version 8 (RFC 9562 §5.8) made of a hash
 * over all that tells it from another.
 */
export function eventIdOf(event: WebhookEvent): string {
  const { type, integratorId, siteId, queryId = '', grantId = '', occurredAtMs } = event;
  const moment = comesOnce(type) ? '' : String(occurredAtMs);
  return uuid8Of(JSON.stringify([type, integratorId, siteId, queryId, grantId, moment]));
}
