import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sql, type KyselyPlugin } from 'kysely';
import { Receiver } from '#apps/broker/src/webhooks/receiver.fixture.js';
import { RecordWebhookEvents } from '#apps/broker/src/webhooks/record-webhook-events.js';
import { callerOf, WebhookRoom } from '#apps/broker/src/webhooks/webhook-room.fixture.js';
import type { WebhookEvent } from '#libs/contracts/webhook-events.js';
import { startPostgres } from '#libs/db/postgres-server.fixture.js';
import { settle } from '#test/support/settle.js';

// The embedded store runs one transaction after the other: nothing there can come in between.
const server = await startPostgres();
const onServer = server ? describe : describe.skip;

onServer('an endpoint that is deleted', () => {
  let receiver: Receiver;
  let room: WebhookRoom;

  beforeAll(async () => {
    receiver = await Receiver.start();
    room = await WebhookRoom.open(receiver.caFile, { url: String(server?.url) });
  });
  afterAll(async () => {
    await room.close();
    await receiver.stop();
    await server?.stop();
  });

  /** Begins the deletion, and waits until it is done or has to wait for somebody. */
  async function beginDeletion(webhook: { integratorId: string; id: string }) {
    const deletion = { isDone: false, ended: Promise.resolve() };
    const caller = callerOf(webhook.integratorId);
    deletion.ended = room.change
      .delete(caller, webhook.id, randomUUID())
      .finally(() => (deletion.isDone = true));
    await settle('the deletion waits or is done', 10_000, async () => {
      const waiting = await sql`select 1 from pg_locks where not granted`.execute(room.kysely);
      return deletion.isDone || waiting.rows.length > 0 || undefined;
    });
    return deletion;
  }

  const countDeliveries = async (): Promise<number> =>
    (await room.kysely.selectFrom('webhook_deliveries').select('delivery_id').execute()).length;

  test.each(['alone', 'within a change'])(
    'while an event is recorded %s waits for it and takes it along',
    async (how) => {
      const webhook = await room.aWebhook({ url: receiver.url });
      const event: WebhookEvent = {
        ...{ type: 'query.succeeded', integratorId: webhook.integratorId },
        ...{ siteId: randomUUID(), queryId: randomUUID(), occurredAtMs: room.clock.now() },
      };
      let deletion: Awaited<ReturnType<typeof beginDeletion>> | undefined;
      const afterReading: KyselyPlugin = {
        transformQuery: ({ node }) => node,
        transformResult: async ({ result }) => {
          deletion ??= await beginDeletion(webhook);
          return result;
        },
      };
      const watched = room.kysely.withPlugin(afterReading);
      const record = new RecordWebhookEvents(watched, room.clock);
      const due =
        how === 'alone'
          ? await record.execute([event])
          : await watched.transaction().execute((within) => record.execute([event], within));
      expect(due).toHaveLength(1);
      await deletion?.ended;
      expect(await countDeliveries()).toBe(0);
    },
  );

  test('while an attempt is written down lets it finish', async () => {
    const webhook = await room.aWebhook({ url: receiver.url });
    await room.publish({ integratorId: webhook.integratorId });
    // As the end of an attempt locks: the delivery, then its endpoint.
    const deletion = await room.kysely.transaction().execute(async (within) => {
      await within
        .updateTable('webhook_deliveries')
        .set({ attempts: 1 })
        .where('webhook_id', '=', webhook.id)
        .execute();
      const begun = await beginDeletion(webhook);
      await within
        .updateTable('webhook_endpoints')
        .set({ failing_since: null })
        .where('webhook_id', '=', webhook.id)
        .execute();
      return begun;
    });
    await deletion.ended;
    expect(await countDeliveries()).toBe(0);
  });
});
