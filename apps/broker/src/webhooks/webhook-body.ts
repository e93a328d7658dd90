/**
 * The body of a webhook, made again from ids at every attempt, always to the same bytes. What Halo
 * sends too looks exactly like Halo's at endpoints of that style; everything else carries its `type`.
 */
import {
  WEBHOOK_TEST,
  type DeliveredType,
  type WebhookSignature,
} from '#libs/contracts/webhooks.js';

export interface DeliveredEvent {
  /** A UUID; the same at each attempt, redelivery and endpoint. */
  eventId: string;
  type: DeliveredType;
  siteId?: string;
  queryId?: string;
  grantId?: string;
  occurredAtMs: number;
}

/** `webhookSource` in the body: which kind of query it was. */
export function sourceOf(type: DeliveredType): 'async' | 'registered' | undefined {
  if (type.startsWith('query.')) return 'async';
  return type.startsWith('registered.') ? 'registered' : undefined;
}

/** Halo's software would take anything else for a result that is ready. */
const saysHalo = (type: DeliveredType): boolean =>
  type === 'query.succeeded' || type === 'registered.changed';

/** UTF-8 JSON. */
export function webhookBody(event: DeliveredEvent, style: WebhookSignature): Buffer {
  const { eventId, type, siteId, queryId, grantId, occurredAtMs } = event;
  const isBare = style === 'halo' && saysHalo(type);
  const source = sourceOf(type);
  const body = {
    id: eventId,
    ...(!isBare && { type }),
    occurredAt: new Date(occurredAtMs).toISOString(),
    ...(siteId !== undefined && { siteId }),
    ...(queryId !== undefined && { queryId }),
    ...(grantId !== undefined && { grantId }),
    ...(source !== undefined && { webhookSource: source }),
  };
  return Buffer.from(JSON.stringify(body));
}

export const isTest = (type: string): boolean => type === WEBHOOK_TEST;
