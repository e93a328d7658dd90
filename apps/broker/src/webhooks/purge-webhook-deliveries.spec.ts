import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  deliveriesKept,
  PurgeWebhookDeliveries,
} from '#apps/broker/src/webhooks/purge-webhook-deliveries.js';
import { Receiver } from '#apps/broker/src/webhooks/receiver.fixture.js';
import { WebhookRoom } from '#apps/broker/src/webhooks/webhook-room.fixture.js';

let receiver: Receiver;
let room: WebhookRoom;

beforeAll(async () => {
  receiver = await Receiver.start();
  room = await WebhookRoom.open(receiver.caFile);
});
afterAll(async () => {
  await room.close();
  await receiver.stop();
});

const purge = () => new PurgeWebhookDeliveries(room.kysely).execute();

test('an endpoint keeps its newest ten thousand, and all that is pending', async () => {
  const webhook = await room.aWebhook({ url: receiver.url });
  const now = room.clock.now();
  const rows = Array.from({ length: deliveriesKept + 5 }, (_, n) => ({
    delivery_id: randomUUID(),
    webhook_id: webhook.id,
    event_id: String(n),
    type: 'query.succeeded',
    site_id: null,
    query_id: null,
    grant_id: null,
    occurred_at: new Date(now),
    state: n < 2 ? ('pending' as const) : ('delivered' as const),
    due_at: new Date(now),
    leased_until: null,
    created_at: new Date(now + n),
    ended_at: null,
  }));
  for (let at = 0; at < rows.length; at += 1_000) {
    await room.kysely
      .insertInto('webhook_deliveries')
      .values(rows.slice(at, at + 1_000))
      .execute();
  }
  await purge();
  const left = await room.kysely
    .selectFrom('webhook_deliveries')
    .select('event_id')
    .where('webhook_id', '=', webhook.id)
    .execute();
  const gone = ['2', '3', '4'];
  expect(left).toHaveLength(deliveriesKept + 2);
  expect(left.filter(({ event_id: id }) => gone.includes(id))).toEqual([]);
});
