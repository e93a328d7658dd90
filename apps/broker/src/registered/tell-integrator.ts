import type { RegisteredRow } from '#apps/broker/src/registered/registered-row.js';
import type { WebhookEvents } from '#apps/broker/src/webhooks/webhook-events.port.js';
import type { WebhookEventType } from '#libs/contracts/webhook-events.js';

/** @param row of the query that it is about; its integrator is told */
export function tellIntegrator(
  webhooks: WebhookEvents,
  type: WebhookEventType,
  row: RegisteredRow,
  occurredAtMs: number = Date.now(),
): void {
  const { integrator_id: integratorId, site_id: siteId, registered_id: queryId } = row;
  webhooks.publish({ type, integratorId, siteId, queryId, occurredAtMs });
}
