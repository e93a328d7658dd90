/** An endpoint as its owner sees it. */
import type { Selectable } from 'kysely';
import type { WebhookEndpointsTable } from '#libs/db/schema.js';

export type WebhookRow = Selectable<WebhookEndpointsTable>;

export type WebhookView = Record<string, unknown> & { id: string };

/** Never the secret: that is answered once, when it is made. */
export function webhookView(row: WebhookRow, nowMs: number): WebhookView {
  const { paused_at: pausedAt, failing_since: failingSince, previous_until: until } = row;
  const isRotating = until !== null && until.getTime() > nowMs;
  return {
    id: row.webhook_id,
    url: row.url,
    events: row.events,
    siteIds: row.site_ids,
    signature: row.signature,
    ...(row.country !== null && { country: row.country }),
    publicKey: row.public_key,
    ...(isRotating && {
      previousPublicKey: row.previous_public_key,
      previousSecretUntil: until.toISOString(),
    }),
    paused: row.pause_reason !== null,
    ...(row.pause_reason !== null && { pauseReason: row.pause_reason }),
    ...(pausedAt && { pausedAt: pausedAt.toISOString() }),
    ...(failingSince && { failingSince: failingSince.toISOString() }),
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}
