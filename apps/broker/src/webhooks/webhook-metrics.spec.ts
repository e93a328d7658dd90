import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { answerStatus, Receiver } from '#apps/broker/src/webhooks/receiver.fixture.js';
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

async function figures(): Promise<string[]> {
  const text = await room.node.health.registry.metrics();
  return text.split('\n').filter((line) => line.startsWith('conduit_webhook_'));
}

test('what webhooks do is counted without a name of anyone', async () => {
  const well = await room.aWebhook({ url: receiver.url });
  await room.aWebhook({ url: receiver.url, paused: true });
  await room.publish({ integratorId: well.integratorId });
  await room.node.runDue();
  const failing = await room.aWebhook({ url: receiver.url });
  receiver.answer = answerStatus(500);
  await room.publish({ integratorId: failing.integratorId });
  await room.node.runDue();
  room.clock.advance(65_000);
  const late = Number(
    /^conduit_webhook_oldest_due_seconds (.*)$/m.exec((await figures()).join('\n'))?.[1],
  );
  expect(late).toBe(60);
  expect((await figures()).filter((line) => !line.includes('oldest')).sort()).toEqual([
    'conduit_webhook_attempts_total{outcome="delivered"} 1',
    'conduit_webhook_attempts_total{outcome="status-refused"} 1',
    'conduit_webhook_deliveries_pending 1',
    'conduit_webhook_endpoints{state="failing"} 1',
    'conduit_webhook_endpoints{state="paused"} 1',
    'conduit_webhook_endpoints{state="well"} 1',
  ]);
});
