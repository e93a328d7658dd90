/** The routes of webhooks, for the table of operations. */
import type { RoomRoute } from '#apps/broker/src/reference/operation.js';

const ENDPOINTS = '/integrator/webhooks';
const ENDPOINT = `${ENDPOINTS}/:webhookId`;

export const webhookRoutes: readonly RoomRoute[] = [
  {
    route: `POST ${ENDPOINTS}`,
    summary: 'Register a webhook endpoint',
    description:
      'Answers the secret, once. At most 20 endpoints. A key that is limited to sites may only ' +
      'make, see and change endpoints that name sites of its own.',
    body: 'CreateWebhook',
    bodyExample: {
      url: 'https://hooks.vendor.example/conduit',
      events: ['query.succeeded', 'query.failed', 'grant.revoked'],
      signature: 'standard',
    },
    takesBody: true,
    status: 201,
    answer: 'Webhook',
    errors: ['KEY_SITE_FORBIDDEN', 'WEBHOOK_LIMIT'],
  },
  {
    route: `GET ${ENDPOINTS}`,
    summary: 'List your webhook endpoints',
    status: 200,
    answer: 'Webhooks',
    errors: [],
  },
  {
    route: `GET ${ENDPOINT}`,
    summary: 'See a webhook endpoint, and why it is paused',
    status: 200,
    answer: 'Webhook',
    errors: ['WEBHOOK_NOT_FOUND'],
  },
  {
    route: `PATCH ${ENDPOINT}`,
    summary: 'Change a webhook endpoint, pause it or resume it',
    description: 'Resuming sends nothing that was held: ask for its redelivery.',
    body: 'ChangeWebhook',
    bodyExample: { paused: false },
    takesBody: true,
    status: 200,
    answer: 'Webhook',
    errors: ['WEBHOOK_NOT_FOUND', 'KEY_SITE_FORBIDDEN'],
  },
  {
    route: `DELETE ${ENDPOINT}`,
    summary: 'Delete a webhook endpoint with its deliveries',
    status: 204,
    errors: ['WEBHOOK_NOT_FOUND'],
  },
  {
    route: `POST ${ENDPOINT}/secret`,
    summary: 'Replace the secret and the key pair',
    description:
      'Answers the new secret, once. The old one signs too for `overlapSeconds`; 0 ends it at once.',
    body: 'RotateWebhookSecret',
    bodyExample: { overlapSeconds: 3600 },
    takesBody: true,
    status: 201,
    answer: 'Webhook',
    errors: ['WEBHOOK_NOT_FOUND'],
  },
  {
    route: `POST ${ENDPOINT}/test`,
    summary: 'Send a test event',
    description: 'One attempt, also to a paused endpoint.',
    status: 202,
    answer: 'AskedDelivery',
    errors: ['WEBHOOK_NOT_FOUND'],
  },
  {
    route: `GET ${ENDPOINT}/deliveries`,
    summary: 'List deliveries and their attempts',
    description: 'Of the last fourteen days at least.',
    query: {
      limit: '1 to 200; 50 when absent.',
      state: 'Only those pending, delivered, failed or held.',
      after: 'The `next` of the page before.',
    },
    status: 200,
    answer: 'WebhookDeliveries',
    errors: ['REQUEST_INVALID', 'WEBHOOK_NOT_FOUND', 'WEBHOOK_DELIVERY_NOT_FOUND'],
  },
  {
    route: `GET ${ENDPOINT}/deliveries/:deliveryId`,
    summary: 'See one delivery',
    status: 200,
    answer: 'WebhookDelivery',
    errors: ['WEBHOOK_NOT_FOUND', 'WEBHOOK_DELIVERY_NOT_FOUND'],
  },
  {
    route: `POST ${ENDPOINT}/deliveries/:deliveryId/redeliver`,
    summary: 'Deliver one event again',
    status: 202,
    answer: 'AskedDelivery',
    errors: ['WEBHOOK_NOT_FOUND', 'WEBHOOK_DELIVERY_NOT_FOUND', 'WEBHOOK_PAUSED'],
  },
  {
    route: `POST ${ENDPOINT}/redeliver`,
    summary: 'Deliver again what did not arrive since a time',
    body: 'Redeliver',
    bodyExample: { since: '2026-03-04T00:00:00Z' },
    takesBody: true,
    status: 202,
    answer: 'RedeliveryCount',
    errors: ['WEBHOOK_NOT_FOUND', 'WEBHOOK_PAUSED'],
  },
];
