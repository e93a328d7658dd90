/** The shapes of the webhook routes. */
import {
  instant,
  listOf,
  object,
  ref,
  text,
  uuid,
  whole,
  type Schema,
} from '#apps/broker/src/reference/schema-words.js';
import { webhookEvents } from '#libs/contracts/webhook-events.js';
import {
  attemptErrors,
  deliveryStates,
  WEBHOOK_TEST,
  webhookLimits,
  webhookSignatures,
} from '#libs/contracts/webhooks.js';

const decided = {
  url: text(
    'https, of a host with public addresses only. {siteId}, {queryId} and {source} in its path or query are filled in.',
    { maxLength: webhookLimits.urlCharacters },
  ),
  events: {
    type: 'array',
    items: { type: 'string', enum: webhookEvents },
    description: 'Empty: every type.',
  },
  siteIds: {
    type: 'array',
    items: { type: 'string', format: 'uuid' },
    maxItems: webhookLimits.siteIds,
    description: 'Empty: every paired site.',
  },
  country: text(
    'Where it is, ISO 3166-1, e.g. AU: one of the countries that you declare. It may be absent where you declare one only, and where the broker has an address table.',
    { pattern: '^[A-Z]{2}$' },
  ),
  signature: { type: 'string', enum: webhookSignatures, default: 'halo' },
  paused: { type: 'boolean', description: 'While true nothing is sent; events are held.' },
};

const errorMeanings = Object.entries(attemptErrors)
  .map(([error, meaning]) => `${error}: ${meaning}`)
  .join(' ');

export const webhookSchemas: Record<string, Schema> = {
  CreateWebhook: object(decided, ['url']),
  ChangeWebhook: object(decided),
  RotateWebhookSecret: object({
    overlapSeconds: whole('How long the secret before signs too.', {
      minimum: 0,
      maximum: webhookLimits.overlapSeconds,
      default: webhookLimits.defaultOverlapSeconds,
    }),
  }),
  Webhook: object(
    {
      id: uuid('The endpoint.'),
      ...decided,
      secret: text('whsec_…; in the answer that made it, and never again.'),
      publicKey: text('whpk_…; verifies v1a signatures.'),
      previousPublicKey: text('While both sign.'),
      previousSecretUntil: instant('Until then the secret before signs too.'),
      pauseReason: {
        type: 'string',
        enum: ['asked', 'failing'],
        description: 'failing: nothing arrived for five days.',
      },
      pausedAt: instant('Since when.'),
      failingSince: instant('When the first of the failures came that no success has followed.'),
      createdAt: instant('When it was made.'),
      updatedAt: instant('When its owner last changed it.'),
    },
    ['id', 'url', 'events', 'siteIds', 'signature', 'publicKey', 'paused', 'createdAt'],
  ),
  Webhooks: object({ webhooks: listOf(ref('Webhook'), 'Oldest first.') }, ['webhooks']),
  WebhookDelivery: object(
    {
      id: uuid('The delivery.'),
      eventId: uuid('The event: the id in its body.'),
      type: { type: 'string', enum: [...webhookEvents, WEBHOOK_TEST] },
      siteId: uuid('Where it happened.'),
      queryId: uuid('Of an async or registered query.'),
      grantId: text('Of a permission.'),
      occurredAt: instant('When it happened.'),
      state: {
        type: 'string',
        enum: deliveryStates,
        description: 'held: the endpoint was paused; redeliver it when it is not.',
      },
      nextAttemptAt: instant('Of a pending one.'),
      endedAt: instant('Of one that is not pending.'),
      attempts: listOf(
        object({
          attempt: whole('From 1.'),
          startedAt: instant('When.'),
          durationMs: whole('How long it took.'),
          statusCode: whole("The receiver's; absent when none came."),
          error: {
            type: 'string',
            enum: Object.keys(attemptErrors),
            description: `Absent when it delivered. ${errorMeanings}`,
          },
        }),
        "Answers' bodies and headers are not kept.",
      ),
    },
    ['id', 'eventId', 'type', 'occurredAt', 'state', 'attempts'],
  ),
  WebhookDeliveries: object(
    {
      deliveries: listOf(ref('WebhookDelivery'), 'Newest first.'),
      next: uuid('Send it as `after` for the rest; absent at the end.'),
    },
    ['deliveries'],
  ),
  Redeliver: object({ since: instant('Events from this moment on.') }, ['since']),
  RedeliveryCount: object({ count: whole('Deliveries that will be tried again.') }, ['count']),
  AskedDelivery: object({ deliveryId: uuid('Read it to see what became of it.') }, ['deliveryId']),
};
