import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { BrokerPractice } from '#apps/broker/src/grants/broker-practice.fixture.js';
import { RecordWebhookEvents } from '#apps/broker/src/webhooks/record-webhook-events.js';
import { SiteNews } from '#apps/broker/src/webhooks/site-news.js';
import type { WebhookEvent } from '#libs/contracts/webhook-events.js';
import { FixedClock } from '#libs/kernel/clock.js';

const MINUTE_MS = 60_000;

let practice: BrokerPractice;
let clock: FixedClock;
let told: string[];
let node: SiteNews;

/** Says what it was given; writes as the real one does. */
class Told extends RecordWebhookEvents {
  override async execute(events: readonly WebhookEvent[]) {
    told.push(
      ...events.map(({ type, integratorId, siteId }) => `${type} ${siteId} ${integratorId}`),
    );
    return [];
  }
}

function aNode(): SiteNews {
  const { store, log } = practice;
  const wake = { now: () => Promise.resolve() };
  const record = new Told(store.kysely, clock);
  return new SiteNews(store.kysely, record, wake as never, clock, log);
}

beforeAll(async () => void (practice = await BrokerPractice.open()));
afterAll(() => practice.close());
beforeEach(async () => {
  // Beside the machine's own clock, so that no jump is seen.
  clock = new FixedClock(Date.now());
  told = [];
  node = aNode();
  const { kysely } = practice.store;
  await kysely.deleteFrom('site_availability').execute();
  await kysely.deleteFrom('grants').execute();
  await kysely.deleteFrom('access_requests').execute();
  await kysely.updateTable('sites').set({ last_seen_at: null, closed_at: null }).execute();
  await aGrantRow('integrator-1');
});

function aGrantRow(integratorId: string, more: object = {}) {
  return practice.store.kysely
    .insertInto('grants')
    .values({
      grant_id: `grant of ${integratorId}`,
      seq: 1,
      site_id: 'site-1',
      integrator_id: integratorId,
      state: 'active',
      signed: JSON.stringify({}),
      expires_at: new Date(clock.now() + 86_400_000),
      agent_receipt: null,
      ...more,
    })
    .execute();
}

async function seen(agoMs: number, saidGoodbye = false): Promise<void> {
  const at = new Date(clock.now() - agoMs);
  await practice.store.kysely
    .updateTable('sites')
    .set({ last_seen_at: at, closed_at: saidGoodbye ? at : null })
    .where('site_id', '=', 'site-1')
    .execute();
}

/** A node that has been up for long, without a timer of its own. */
function settled(news: SiteNews): SiteNews {
  news.start();
  news.stop();
  clock.advance(3 * MINUTE_MS);
  // Its clocks agree again: this was no jump.
  (news as unknown as { clocksDifferMs: number }).clocksDifferMs = clock.now() - performance.now();
  return news;
}

describe('a site', () => {
  test('is told of once as it comes, leaves, comes back and falls silent', async () => {
    settled(node);
    await seen(0);
    await node.look();
    await node.look();
    await seen(0, true);
    await node.look();
    await seen(0);
    await node.look();
    await seen(3 * MINUTE_MS);
    await node.look();
    await node.look();
    expect(told).toEqual(
      ['online', 'offline', 'online', 'unreachable'].map(
        (now) => `site.${now} site-1 integrator-1`,
      ),
    );
  });

  test('is told of by one node only', async () => {
    const nodes = [settled(node), settled(aNode()), settled(aNode())];
    for (const saidGoodbye of [false, true, false]) {
      await seen(0, saidGoodbye);
      await Promise.all(nodes.map((one) => one.look()));
    }
    expect(told).toEqual(
      ['online', 'offline', 'online'].map((now) => `site.${now} site-1 integrator-1`),
    );
  });

  test('that was never there has not gone', async () => {
    settled(node);
    await seen(0, true);
    await node.look();
    expect(told).toEqual([]);
    await seen(0);
    await node.look();
    expect(told).toEqual(['site.online site-1 integrator-1']);
  });

  test('is not called silent by a node that has just begun to listen', async () => {
    await seen(0);
    settled(node);
    await seen(0);
    await node.look();
    const restarted = aNode();
    restarted.start();
    restarted.stop();
    await seen(10 * MINUTE_MS);
    await restarted.look();
    expect(told).toEqual(['site.online site-1 integrator-1']);
  });

  test('is not called silent because the clock has jumped', async () => {
    settled(node);
    await seen(0);
    await node.look();
    clock.advance(60 * MINUTE_MS);
    await node.look();
    expect(told).toEqual(['site.online site-1 integrator-1']);
    // The agents in hand are written down again meanwhile.
    await seen(0);
    await node.look();
    expect(told).toHaveLength(1);
  });
});

describe('whoever is told', () => {
  test('may ask the site now, or waits to be let in', async () => {
    await aGrantRow('integrator-2');
    await practice.store.kysely
      .insertInto('access_requests')
      .values({
        access_request_id: 'request-1',
        site_id: 'site-1',
        integrator_id: 'integrator-2',
        state: 'pending',
        asked: JSON.stringify({ scopes: [], catalogues: [], purposes: [] }),
      })
      .execute();
    settled(node);
    await seen(0);
    await node.look();
    expect(told.sort()).toEqual([
      'site.online site-1 integrator-1',
      'site.online site-1 integrator-2',
    ]);
  });

  test.each([
    ['whose permission was revoked', { seq: 2, state: 'revoked' }],
    ['whose permission has expired', { expires_at: new Date(0) }],
  ])('is nobody %s', async (_, more) => {
    if ('expires_at' in more) await practice.store.kysely.deleteFrom('grants').execute();
    await aGrantRow('integrator-1', more);
    settled(node);
    await seen(0);
    await node.look();
    expect(told).toEqual([]);
  });
});
