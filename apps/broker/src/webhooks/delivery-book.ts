import { Injectable } from '@nestjs/common';
import { Kysely, sql } from 'kysely';
import type { DeliveryOwner } from '#apps/broker/src/webhooks/delivery-places.js';
import { endpointPlaces } from '#apps/broker/src/webhooks/delivery-places.js';
import type { DueDelivery } from '#apps/broker/src/webhooks/record-webhook-events.js';
import type { DeliveredEvent } from '#apps/broker/src/webhooks/webhook-body.js';
import type { WebhookRow } from '#apps/broker/src/webhooks/webhook-view.js';
import type { DeliveredType } from '#libs/contracts/webhooks.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';

/** Longer than an attempt can take: after it a vanished node's delivery is another's to make. */
const LEASE_MS = 30_000;
/** A delayed job may come a little before its time: clocks differ. */
const EARLY_MS = 2_000;
/** Fresh enough that its job is still on its way. */
const PATIENCE_MS = 5_000;
const SWEPT_ENDPOINTS = 500;

export interface ClaimedDelivery {
  deliveryId: string;
  endpoint: WebhookRow;
  /** That its integrator declares. */
  countries: readonly string[];
  event: DeliveredEvent;
  /** Of this attempt, from 1. */
  attempt: number;
  /** With this attempt. */
  tries: number;
  lastWaitMs: number;
  leasedUntil: Date;
}

/** Which deliveries are due, and whose they are to make. PostgreSQL decides; a job only reminds. */
@Injectable()
export class DeliveryBook {
  constructor(
    private readonly kysely: Kysely<Database>,
    private readonly clock: Clock,
  ) {}

  /** @returns undefined when there is nothing to do: it has ended, or somebody is at it */
  async ownerOf(deliveryId: string): Promise<DeliveryOwner | undefined> {
    const row = await this.kysely
      .selectFrom('webhook_deliveries as delivery')
      .innerJoin('webhook_endpoints as endpoint', 'endpoint.webhook_id', 'delivery.webhook_id')
      .select(['delivery.webhook_id', 'endpoint.integrator_id'])
      .where('delivery_id', '=', deliveryId)
      .where('state', '=', 'pending')
      .where('due_at', '<=', this.at(EARLY_MS))
      .where(this.isFree())
      .executeTakeFirst();
    return row && { webhookId: row.webhook_id, integratorId: row.integrator_id };
  }

  /** Takes it for this node for a while. @returns undefined when another was faster */
  async claim(deliveryId: string): Promise<ClaimedDelivery | undefined> {
    const leasedUntil = this.at(LEASE_MS);
    const row = await this.kysely
      .updateTable('webhook_deliveries')
      .set({ leased_until: leasedUntil })
      .where('delivery_id', '=', deliveryId)
      .where('state', '=', 'pending')
      .where('due_at', '<=', this.at(EARLY_MS))
      .where(this.isFree())
      .returningAll()
      .executeTakeFirst();
    if (!row) return undefined;
    const found = await this.kysely
      .selectFrom('webhook_endpoints as endpoint')
      .innerJoin('integrators', 'integrators.integrator_id', 'endpoint.integrator_id')
      .selectAll('endpoint')
      .select('integrators.countries')
      .where('webhook_id', '=', row.webhook_id)
      .executeTakeFirst();
    if (!found) return undefined;
    const { countries, ...endpoint } = found;
    return {
      deliveryId,
      endpoint,
      countries,
      event: {
        eventId: row.event_id,
        type: row.type as DeliveredType,
        ...(row.site_id !== null && { siteId: row.site_id }),
        ...(row.query_id !== null && { queryId: row.query_id }),
        ...(row.grant_id !== null && { grantId: row.grant_id }),
        occurredAtMs: row.occurred_at.getTime(),
      },
      attempt: row.attempts + 1,
      tries: row.tries + 1,
      lastWaitMs: row.wait_ms,
      leasedUntil,
    };
  }

  /** What an integrator's free place is for: its oldest due delivery, not of an endpoint that is full. */
  async nextOf(integratorId: string, fullEndpoints: readonly string[]): Promise<DueDelivery[]> {
    const rows = await this.kysely
      .selectFrom('webhook_deliveries as delivery')
      .innerJoin('webhook_endpoints as endpoint', 'endpoint.webhook_id', 'delivery.webhook_id')
      .select(['delivery_id', 'delivery.webhook_id'])
      .where('endpoint.integrator_id', '=', integratorId)
      .where('delivery.webhook_id', 'not in', ['', ...fullEndpoints])
      .where('state', '=', 'pending')
      .where('due_at', '<=', this.at(0))
      .where(this.isFree())
      .orderBy('due_at')
      .limit(endpointPlaces)
      .execute();
    return rows.map((row) => ({ deliveryId: row.delivery_id, webhookId: row.webhook_id }));
  }

  /** What should have been made by now, some of each endpoint: their jobs were lost, or never were. */
  async overdue(): Promise<DueDelivery[]> {
    const ranked = this.kysely
      .selectFrom('webhook_deliveries')
      .select(['delivery_id', 'webhook_id'])
      .select(sql<string>`row_number() over (partition by webhook_id order by due_at)`.as('rank'))
      .where('state', '=', 'pending')
      .where('due_at', '<=', this.at(-PATIENCE_MS))
      .where(this.isFree());
    const rows = await this.kysely
      .selectFrom(ranked.as('ranked'))
      .select(['delivery_id', 'webhook_id'])
      .where('rank', '<=', String(endpointPlaces))
      .limit(SWEPT_ENDPOINTS * endpointPlaces)
      .execute();
    return rows.map((row) => ({ deliveryId: row.delivery_id, webhookId: row.webhook_id }));
  }

  private isFree() {
    return sql<boolean>`(leased_until is null or leased_until <= ${this.at(0)})`;
  }

  private at(offsetMs: number): Date {
    return new Date(this.clock.now() + offsetMs);
  }
}
