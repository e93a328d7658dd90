/** What an integrator can be told without asking: one table of events, one shape for all. */
export const webhookEvents = [
  'query.succeeded',
  'query.failed',
  'query.expired',
  'query.cancelled',
  'registered.changed',
  'registered.failed',
  'registered.ended',
  'site.online',
  'site.offline',
  'site.unreachable',
  'grant.requested',
  'grant.approved',
  'grant.changed',
  'grant.revoked',
] as const;
export type WebhookEventType = (typeof webhookEvents)[number];

/** Ids and times only: never a row, a parameter, a count or a database's words. */
export interface WebhookEvent {
  type: WebhookEventType;
  integratorId: string;
  siteId: string;
  /** Of an async or a registered query. */
  queryId?: string;
  grantId?: string;
  /** Milliseconds since the epoch. */
  occurredAtMs: number;
}
