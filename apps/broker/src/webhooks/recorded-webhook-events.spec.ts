import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { MemoryEventLog } from '#apps/broker/src/logging/event-log.js';
import { eventIdOf, type DueDelivery } from '#apps/broker/src/webhooks/record-webhook-events.js';
import { RecordedWebhookEvents } from '#apps/broker/src/webhooks/recorded-webhook-events.js';
import type { WebhookEvent } from '#libs/contracts/webhook-events.js';
import { until } from '#test/support/settle.js';

/** A store that can be away. */
class Store {
  isAway = false;
  written: WebhookEvent[] = [];

  async execute(events: readonly WebhookEvent[]): Promise<DueDelivery[]> {
    await pause(1);
    if (this.isAway) throw new Error('away');
    this.written.push(...events);
    return [];
  }
}

const anEvent = (n: number): WebhookEvent => ({
  type: 'query.succeeded',
  integratorId: 'integrator-1',
  siteId: 'site-1',
  queryId: `query-${n}`,
  occurredAtMs: n,
});

function theEvents() {
  const store = new Store();
  const log = new MemoryEventLog();
  const wake = { now: () => Promise.resolve() };
  return { store, log, events: new RecordedWebhookEvents(store as never, wake as never, log) };
}

describe('published events', () => {
  test('are written in their order', async () => {
    const { store, events } = theEvents();
    const all = Array.from({ length: 1_000 }, (_, n) => anEvent(n));
    for (const event of all) events.publish(event);
    await until(() => store.written.length === all.length);
    expect(store.written).toEqual(all);
    events.publish(anEvent(1_000));
    await until(() => store.written.length === 1_001);
    await events.onApplicationShutdown();
  });

  test('wait for a store that is away', async () => {
    const { store, log, events } = theEvents();
    store.isAway = true;
    events.publish(anEvent(1));
    await until(() => log.lines.length > 0);
    events.publish(anEvent(2));
    store.isAway = false;
    await until(() => store.written.length === 2);
    expect(store.written).toEqual([anEvent(1), anEvent(2)]);
    expect(log.lines).toEqual([{ event: 'store.unavailable', fields: { what: 'webhooks' } }]);
    await events.onApplicationShutdown();
  });

  test('are ten thousand at most, and the log counts what was given up', async () => {
    const { store, log, events } = theEvents();
    store.isAway = true;
    for (let n = 0; n < 10_003; n += 1) events.publish(anEvent(n));
    await until(() => log.lines.length > 0);
    store.isAway = false;
    await until(() => store.written.length === 10_000);
    expect(store.written[0]).toEqual(anEvent(3));
    await until(() => log.lines.length > 1);
    expect(log.lines[1]).toEqual({ event: 'webhook-events.dropped', fields: { count: 3 } });
    await events.onApplicationShutdown();
  });

  test('are written before the node stops', async () => {
    const { store, events } = theEvents();
    events.publish(anEvent(1));
    await events.onApplicationShutdown();
    expect(store.written).toEqual([anEvent(1)]);
  });
});

describe('the id of an event', () => {
  test('is a UUID of version 8', () => {
    const form = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
    for (let n = 0; n < 100; n += 1) expect(eventIdOf(anEvent(n))).toMatch(form);
  });

  test('is the same for the same end of a query, whenever it is told', () => {
    expect(eventIdOf({ ...anEvent(1), occurredAtMs: 9 })).toBe(eventIdOf(anEvent(1)));
  });

  test.each([
    { type: 'query.failed' },
    { integratorId: 'integrator-2' },
    { siteId: 'site-2' },
    { queryId: 'query-2' },
  ] as Partial<WebhookEvent>[])('is another with another %j', (change) => {
    expect(eventIdOf({ ...anEvent(1), ...change })).not.toBe(eventIdOf(anEvent(1)));
  });

  test('tells the changes of a registered query apart by their moments', () => {
    const change = { ...anEvent(1), type: 'registered.changed' } as const;
    expect(eventIdOf({ ...change, occurredAtMs: 2 })).not.toBe(eventIdOf(change));
  });
});
