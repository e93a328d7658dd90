import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { answerStatus, Receiver } from '#apps/broker/src/webhooks/receiver.fixture.js';
import { maxTries, pauseAfterMs } from '#apps/broker/src/webhooks/retry-plan.js';
import {
  callerOf,
  WebhookNode,
  WebhookRoom,
} from '#apps/broker/src/webhooks/webhook-room.fixture.js';
import { countryDoubt } from '#apps/broker/src/webhooks/webhook-country.js';
import { InvalidFields } from '#libs/contracts/read-dto.js';
import { verifyWebhook } from '#libs/webhooks/verify-webhook.js';

const HOUR_MS = 3_600_000;

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
beforeEach(() => {
  receiver.calls.length = 0;
  receiver.answer = answerStatus(200);
});
afterEach(async () => {
  room.node.jobs.waiting = [];
  await room.kysely.deleteFrom('webhook_endpoints').execute();
});

const onlyDelivery = async (webhookId: string) => {
  const [delivery, ...others] = await room.deliveries(webhookId);
  expect(others).toEqual([]);
  return delivery as { id: string; state: string; attempts: object[]; nextAttemptAt?: string };
};

describe('a delivery', () => {
  test('is what Halo sends, signed, and nothing else', async () => {
    const webhook = await room.aWebhook({ url: receiver.url });
    const [siteId, queryId] = [randomUUID(), randomUUID()];
    await room.publish({ integratorId: webhook.integratorId, siteId, queryId });
    await room.node.runDue();
    const [call] = receiver.calls;
    expect(JSON.parse(String(call?.body))).toEqual({
      id: call?.headers['x-halo-id'],
      occurredAt: '2026-03-04T00:00:00.000Z',
      siteId,
      queryId,
      webhookSource: 'async',
    });
    const trust = { secrets: [webhook.secret], nowMs: room.clock.now() };
    expect(verifyWebhook(call as never, trust)).toMatchObject({ ok: true });
    expect(Object.keys(call?.headers ?? {}).sort()).toEqual([
      'connection',
      'content-length',
      'content-type',
      'host',
      'user-agent',
      'x-conduit-attempt',
      'x-conduit-delivery',
      'x-conduit-event',
      'x-halo-id',
      'x-halo-signature-256',
      'x-halo-timestamp',
    ]);
    expect(await onlyDelivery(webhook.id)).toMatchObject({
      state: 'delivered',
      attempts: [{ attempt: 1, statusCode: 200 }],
    });
  });

  test.each([
    ['registered.changed', { webhookSource: 'registered' }, ['queryId']],
    ['query.failed', { type: 'query.failed', webhookSource: 'async' }, ['queryId']],
    ['registered.ended', { type: 'registered.ended', webhookSource: 'registered' }, ['queryId']],
    ['site.unreachable', { type: 'site.unreachable' }, []],
    ['grant.revoked', { type: 'grant.revoked', grantId: 'grant-1' }, []],
  ] as const)('of %s says no more than it must', async (type, more, ids) => {
    const { integratorId } = await room.aWebhook({ url: receiver.url });
    const queryId = ids.length > 0 ? { queryId: 'query-1' } : { queryId: undefined };
    const grantId = 'grantId' in more ? { grantId: more.grantId } : {};
    await room.publish({ integratorId, type, siteId: 'site-1', ...queryId, ...grantId } as never);
    await room.node.runDue();
    expect(JSON.parse(String(receiver.calls[0]?.body))).toEqual({
      id: expect.any(String),
      occurredAt: '2026-03-04T00:00:00.000Z',
      siteId: 'site-1',
      ...(ids.length > 0 && { queryId: 'query-1' }),
      ...more,
    });
  });

  test('in the standard style always says its type, and verifies by the public key', async () => {
    const webhook = await room.aWebhook({ url: receiver.url, signature: 'standard' });
    await room.publish({ integratorId: webhook.integratorId });
    await room.node.runDue();
    const [call] = receiver.calls;
    expect(JSON.parse(String(call?.body))).toMatchObject({ type: 'query.succeeded' });
    const trust = { publicKeys: [webhook.row.public_key], nowMs: room.clock.now() };
    expect(verifyWebhook(call as never, trust)).toMatchObject({ ok: true });
  });

  test('fills the variables of its URL', async () => {
    const url = `${receiver.url}/{siteId}?q={queryId}&s={source}`;
    const { integratorId } = await room.aWebhook({ url });
    await room.publish({ integratorId, siteId: 'site-1', queryId: 'a/b' });
    await room.publish({
      integratorId,
      siteId: 'site-1',
      type: 'site.online',
      queryId: undefined,
    } as never);
    await room.node.runDue();
    expect(receiver.calls.map((call) => call.path).sort()).toEqual([
      '/hooks/site-1?q=&s=',
      '/hooks/site-1?q=a%2Fb&s=async',
    ]);
  });

  test('that meets 500 comes again with the same bytes and a new time', async () => {
    const webhook = await room.aWebhook({ url: receiver.url });
    receiver.answer = answerStatus(500);
    await room.publish({ integratorId: webhook.integratorId });
    await room.node.runDue();
    const pending = await onlyDelivery(webhook.id);
    expect(pending).toMatchObject({
      state: 'pending',
      attempts: [{ attempt: 1, statusCode: 500, error: 'status-refused' }],
    });
    const waitMs = Date.parse(pending.nextAttemptAt as string) - room.clock.now();
    expect(room.node.jobs.waiting).toEqual([{ deliveryId: pending.id, delayMs: waitMs }]);
    receiver.answer = answerStatus(204);
    room.advance(waitMs);
    await room.node.runDue();
    expect(await onlyDelivery(webhook.id)).toMatchObject({
      state: 'delivered',
      attempts: [{ attempt: 1 }, { attempt: 2, statusCode: 204 }],
    });
    const [first, second] = receiver.calls;
    expect(second?.body.equals(first?.body as Buffer)).toBe(true);
    expect(second?.headers['x-halo-id']).toBe(first?.headers['x-halo-id']);
    expect(second?.headers['x-halo-timestamp']).not.toBe(first?.headers['x-halo-timestamp']);
    const trust = { secrets: [webhook.secret], nowMs: room.clock.now() };
    expect(verifyWebhook(second as never, trust)).toMatchObject({ ok: true });
  });

  test('that meets 410 has failed at once', async () => {
    const webhook = await room.aWebhook({ url: receiver.url });
    receiver.answer = answerStatus(410);
    await room.publish({ integratorId: webhook.integratorId });
    await room.node.runDue();
    expect(await onlyDelivery(webhook.id)).toMatchObject({ state: 'failed' });
    expect(room.node.jobs.waiting).toEqual([]);
  });

  test('waits as long as a 429 asks', async () => {
    const webhook = await room.aWebhook({ url: receiver.url });
    receiver.answer = answerStatus(429, { 'retry-after': '3600' });
    await room.publish({ integratorId: webhook.integratorId });
    await room.node.runDue();
    expect(room.node.jobs.waiting).toMatchObject([{ delayMs: HOUR_MS }]);
  });

  test('has failed after ten attempts', async () => {
    const webhook = await room.aWebhook({ url: receiver.url });
    receiver.answer = answerStatus(503);
    await room.publish({ integratorId: webhook.integratorId });
    for (let n = 0; n < maxTries + 2; n += 1) {
      await room.node.runDue();
      room.advance(2 * HOUR_MS);
    }
    expect(receiver.calls).toHaveLength(maxTries);
    expect(await onlyDelivery(webhook.id)).toMatchObject({ state: 'failed' });
  });

  test('asked for again has ten new attempts and the same id', async () => {
    const webhook = await room.aWebhook({ url: receiver.url });
    receiver.answer = answerStatus(404);
    await room.publish({ integratorId: webhook.integratorId });
    await room.node.runDue();
    const { id } = await onlyDelivery(webhook.id);
    receiver.answer = answerStatus(500);
    await room.redeliver.one(webhook.row, id);
    for (let n = 0; n < maxTries + 2; n += 1) {
      await room.node.runDue();
      room.advance(2 * HOUR_MS);
    }
    expect(receiver.calls).toHaveLength(1 + maxTries);
    expect(new Set(receiver.calls.map((call) => call.headers['x-halo-id'])).size).toBe(1);
    receiver.answer = answerStatus(200);
    await room.redeliver.one(webhook.row, id);
    await room.node.runDue();
    expect(await onlyDelivery(webhook.id)).toMatchObject({ state: 'delivered' });
  });

  test('is made once however many jobs and nodes bring it', async () => {
    const webhook = await room.aWebhook({ url: receiver.url });
    const other = new WebhookNode(room, room.caFile);
    const [due] = await room.publish({ integratorId: webhook.integratorId });
    const { deliver } = room.node;
    const deliveryId = due?.deliveryId as string;
    const nodes = [deliver, deliver, other.deliver, other.deliver];
    await Promise.all(nodes.map((node) => node.execute({ deliveryId })));
    await deliver.execute({ deliveryId });
    expect(receiver.calls).toHaveLength(1);
  });

  test('whose node vanished is another node’s after a while', async () => {
    const webhook = await room.aWebhook({ url: receiver.url });
    const [due] = await room.publish({ integratorId: webhook.integratorId });
    await room.node.book.claim(due?.deliveryId as string);
    room.node.jobs.waiting = [];
    const other = new WebhookNode(room, room.caFile);
    expect(await other.book.overdue()).toEqual([]);
    room.advance(60_000);
    await other.wake.now(await other.book.overdue());
    await other.runDue();
    expect(receiver.calls).toHaveLength(1);
    expect(await onlyDelivery(webhook.id)).toMatchObject({ state: 'delivered' });
  });

  test('whose endpoint is deleted meanwhile leaves nothing behind', async () => {
    const webhook = await room.aWebhook({ url: receiver.url });
    receiver.answer = (response) => {
      void room.change
        .delete(callerOf(webhook.integratorId), webhook.id, 'request-1')
        .finally(() => response.writeHead(500).end());
    };
    await room.publish({ integratorId: webhook.integratorId });
    await room.node.runDue();
    expect(receiver.calls).toHaveLength(1);
    expect(await room.kysely.selectFrom('webhook_attempts').selectAll().execute()).toEqual([]);
  });

  test('cannot be signed once the server’s secret is another, and says so', async () => {
    const webhook = await room.aWebhook({ url: receiver.url });
    const other = new WebhookNode(room, room.caFile, 2);
    const [due] = await room.publish({ integratorId: webhook.integratorId });
    await other.deliver.execute({ deliveryId: due?.deliveryId as string });
    expect(receiver.calls).toEqual([]);
    expect(await onlyDelivery(webhook.id)).toMatchObject({
      state: 'pending',
      attempts: [{ error: 'secret-unusable' }],
    });
  });
});

describe('where an endpoint is', () => {
  const declare = (integratorId: string, countries: string[]) =>
    room.kysely
      .updateTable('integrators')
      .set({ countries: JSON.stringify(countries) })
      .where('integrator_id', '=', integratorId)
      .execute();

  const problemOf = (made: Promise<unknown>) =>
    made.then(
      () => undefined,
      (error: InvalidFields) => error.problems,
    );

  test('is a country that its integrator declares, or it is not made and not moved', async () => {
    const integratorId = await room.anIntegrator();
    const order = { url: receiver.url, country: 'NZ' };
    await expect(room.aWebhook(order, integratorId)).rejects.toThrow(InvalidFields);
    await declare(integratorId, ['AU', 'NZ']);
    const webhook = await room.aWebhook(order, integratorId);
    expect(webhook.row.country).toBe('NZ');
    const caller = callerOf(integratorId);
    const move = (country: string) =>
      room.change.execute(caller, webhook.id, { country }, 'request-1');
    await expect(move('US')).rejects.toThrow(InvalidFields);
    expect((await move('AU')).country).toBe('AU');
  });

  test('is known without a word when its integrator declares one country, and has to be said of several', async () => {
    const { id, integratorId } = await room.aWebhook({ url: receiver.url });
    await declare(integratorId, ['AU', 'NZ']);
    const unsaid = [
      {
        field: 'country',
        problem: 'must say in which of the countries that you declare it is: AU, NZ',
      },
    ];
    const order = { url: receiver.url };
    expect(await problemOf(room.aWebhook(order, integratorId))).toEqual(unsaid);
    const change = (wanted: object) =>
      room.change.execute(callerOf(integratorId), id, wanted, 'request-1');
    expect(await problemOf(change(order))).toEqual(unsaid);
    // Whoever stops it, or asks for other events, need not say.
    expect(await problemOf(change({ events: ['query.succeeded'] }))).toBeUndefined();
    await room.publish({ integratorId });
    await room.node.runDue();
    expect(await onlyDelivery(id)).toMatchObject({ attempts: [{ error: 'country-refused' }] });
    expect(receiver.calls).toEqual([]);
    await change({ country: 'NZ' });
    await change(order);
    room.advance(60_000);
    await room.node.runDue();
    expect(receiver.calls).toHaveLength(1);
  });

  test('is nowhere while its integrator declares no country', async () => {
    const integratorId = await room.anIntegrator();
    const made = await room.aWebhook({ url: receiver.url }, integratorId);
    await declare(integratorId, []);
    for (const country of [undefined, 'AU']) {
      const order = { url: receiver.url, ...(country && { country }) };
      expect(await problemOf(room.aWebhook(order, integratorId))).toEqual([
        {
          field: 'country',
          problem: 'cannot be accepted: declare the countries where you keep data first',
        },
      ]);
    }
    await room.publish({ integratorId });
    await room.node.runDue();
    expect(await onlyDelivery(made.id)).toMatchObject({ attempts: [{ error: 'country-refused' }] });
    expect(receiver.calls).toEqual([]);
  });

  test.each([
    [null, ['AU'], undefined, undefined],
    [null, ['AU', 'NZ'], 'not-said', undefined],
    [null, [], 'none-declared', 'none-declared'],
    ['AU', [], 'none-declared', 'none-declared'],
    ['AU', ['AU', 'NZ'], undefined, undefined],
    ['US', ['AU', 'NZ'], 'not-declared', 'not-declared'],
  ])(
    'said as %p of %j is %p without an address table, and %p with one',
    (said, declared, without, withOne) => {
      expect(countryDoubt(said, declared, false)).toBe(without);
      expect(countryDoubt(said, declared, true)).toBe(withOne);
    },
  );

  test('is told no more once its integrator declares that country no longer', async () => {
    const integratorId = await room.anIntegrator();
    await declare(integratorId, ['NZ']);
    const webhook = await room.aWebhook({ url: receiver.url, country: 'NZ' }, integratorId);
    await declare(integratorId, ['AU']);
    await room.publish({ integratorId });
    await room.node.runDue();
    expect(receiver.calls).toEqual([]);
    const attempts = [{ error: 'country-refused' }];
    expect(await onlyDelivery(webhook.id)).toMatchObject({ state: 'pending', attempts });
  });
});

describe('a secret that is replaced', () => {
  test.each(['halo', 'standard'] as const)(
    'signs beside the new one for a day: %s',
    async (style) => {
      const old = await room.aWebhook({ url: receiver.url, signature: style });
      const caller = callerOf(old.integratorId);
      const fresh = await room.rotate.execute(caller, old.id, {}, 'request-1');
      const opens = async (secret: string) => {
        await room.publish({ integratorId: old.integratorId });
        await room.node.runDue();
        const trust = { secrets: [secret], nowMs: room.clock.now() };
        return verifyWebhook(receiver.calls.at(-1) as never, trust).ok;
      };
      expect([await opens(old.secret), await opens(fresh.secret)]).toEqual([true, true]);
      room.advance(86_400_000);
      expect([await opens(old.secret), await opens(fresh.secret)]).toEqual([false, true]);
      await room.rotate.execute(caller, old.id, { overlapSeconds: 0 }, 'request-2');
      expect(await opens(fresh.secret)).toBe(false);
    },
  );
});

describe('an endpoint', () => {
  const stateOf = async (webhookId: string) => {
    const row = await room.kysely
      .selectFrom('webhook_endpoints')
      .selectAll()
      .where('webhook_id', '=', webhookId)
      .executeTakeFirstOrThrow();
    return { reason: row.pause_reason, failing: row.failing_since !== null };
  };

  test('that fails for five days is paused, and says why', async () => {
    const webhook = await room.aWebhook({ url: receiver.url });
    const { integratorId } = webhook;
    receiver.answer = answerStatus(500);
    await room.publish({ integratorId });
    await room.node.runDue();
    expect(await stateOf(webhook.id)).toEqual({ reason: null, failing: true });
    room.advance(pauseAfterMs - 1_000);
    await room.publish({ integratorId });
    await room.node.runDue();
    expect(await stateOf(webhook.id)).toEqual({ reason: null, failing: true });
    room.advance(2_000);
    await room.publish({ integratorId });
    const audited = room.audit.records.length;
    await room.node.runDue();
    expect(await stateOf(webhook.id)).toEqual({ reason: 'failing', failing: true });
    expect(room.log.lines.at(-1)).toEqual({
      event: 'webhook.paused',
      fields: { webhookId: webhook.id, reason: 'failing' },
    });
    expect(room.audit.records.slice(audited)).toEqual([
      {
        type: 'webhook.paused',
        integrator: integratorId,
        webhookId: webhook.id,
        reason: 'failing',
      },
    ]);
    const calls = receiver.calls.length;
    await room.publish({ integratorId });
    room.advance(24 * HOUR_MS);
    await room.node.runDue();
    expect(receiver.calls).toHaveLength(calls);
    const states = (await room.deliveries(webhook.id)).map((delivery) => delivery['state']);
    expect(new Set(states)).toEqual(new Set(['held']));
    expect(await room.node.book.overdue()).toEqual([]);

    receiver.answer = answerStatus(200);
    const caller = callerOf(integratorId);
    const resumed = await room.change.execute(caller, webhook.id, { paused: false }, 'request-1');
    expect(await stateOf(webhook.id)).toEqual({ reason: null, failing: false });
    expect(await room.redeliver.since(resumed, new Date(0))).toBe(states.length);
    await room.node.runDue();
    const after = (await room.deliveries(webhook.id)).map((delivery) => delivery['state']);
    expect(new Set(after)).toEqual(new Set(['delivered']));
  });

  test('that answers well once begins its five days anew', async () => {
    const webhook = await room.aWebhook({ url: receiver.url });
    const { integratorId } = webhook;
    receiver.answer = answerStatus(400);
    await room.publish({ integratorId });
    await room.node.runDue();
    room.advance(pauseAfterMs - 1_000);
    receiver.answer = answerStatus(200);
    await room.publish({ integratorId });
    await room.node.runDue();
    expect(await stateOf(webhook.id)).toEqual({ reason: null, failing: false });
    room.advance(2_000);
    receiver.answer = answerStatus(400);
    await room.publish({ integratorId });
    await room.node.runDue();
    expect(await stateOf(webhook.id)).toEqual({ reason: null, failing: true });
  });

  test('that is paused gets nothing but tests, which count for nothing', async () => {
    const webhook = await room.aWebhook({ url: receiver.url, paused: true });
    receiver.answer = answerStatus(500);
    await room.publish({ integratorId: webhook.integratorId });
    const deliveryId = await room.redeliver.test(webhook.row);
    await room.node.runDue();
    expect(receiver.calls.map((call) => JSON.parse(String(call.body)) as object)).toEqual([
      { id: expect.any(String), type: 'webhook.test', occurredAt: expect.any(String) },
    ]);
    const tested = (await room.deliveries(webhook.id)).find(({ id }) => id === deliveryId);
    expect(tested).toMatchObject({ state: 'failed', attempts: [{ statusCode: 500 }] });
    expect(await stateOf(webhook.id)).toEqual({ reason: 'asked', failing: false });
  });

  test('that is paused while a job is on its way gets nothing', async () => {
    const webhook = await room.aWebhook({ url: receiver.url });
    const [due] = await room.publish({ integratorId: webhook.integratorId });
    await room.change.execute(callerOf(webhook.integratorId), webhook.id, { paused: true }, 'r');
    await room.node.deliver.execute({ deliveryId: due?.deliveryId as string });
    expect(receiver.calls).toEqual([]);
    expect(await onlyDelivery(webhook.id)).toMatchObject({ state: 'held' });
  });
});

describe('fairness', () => {
  test('a dead receiver takes two places, and holds up nobody else', async () => {
    let [open, most] = [0, 0];
    receiver.answer = (response, call) => {
      if (!call.path.startsWith('/dead')) return void response.writeHead(200).end();
      most = Math.max(most, (open += 1));
      response.on('close', () => (open -= 1));
    };
    const dead = await room.aWebhook({ url: `https://localhost:${receiver.port}/dead` });
    const alive = await room.aWebhook({ url: receiver.url });
    for (let n = 0; n < 12; n += 1) await room.publish({ integratorId: dead.integratorId });
    for (let n = 0; n < 6; n += 1) await room.publish({ integratorId: alive.integratorId });
    const began = performance.now();
    let took = 0;
    const running = room.node.runDue();
    const arrived = async () => {
      const states = (await room.deliveries(alive.id)).map(({ state }) => state);
      if (states.every((state) => state === 'delivered')) took = performance.now() - began;
      else await new Promise((resolve) => setTimeout(resolve, 20)).then(arrived);
    };
    await Promise.all([running, arrived()]);
    expect(most).toBe(2);
    const slow = performance.now() - began;
    expect(slow).toBeGreaterThan(2_500);
    expect(took).toBeLessThan(slow / 2);
  });

  test('lost jobs are brought again, some of each endpoint', async () => {
    const many = await room.aWebhook({ url: receiver.url });
    const few = await room.aWebhook({ url: receiver.url });
    for (let n = 0; n < 10; n += 1) await room.publish({ integratorId: many.integratorId });
    await room.publish({ integratorId: few.integratorId });
    room.node.jobs.waiting = [];
    expect(await room.node.book.overdue()).toEqual([]);
    room.advance(10_000);
    const found = (await room.node.book.overdue()).map(({ webhookId }) => webhookId);
    expect(found.sort()).toEqual([many.id, many.id, few.id].sort());
    await room.node.wake.now(await room.node.book.overdue());
    await room.node.runDue();
    expect(receiver.calls).toHaveLength(11);
  });
});
