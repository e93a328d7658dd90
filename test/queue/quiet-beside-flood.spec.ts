/**
 * Fairness counted, not timed: the line, who claims from it, and the places at the agent, over a real
 * Redis; statements end when the test says so. How many others begin between a query's submit and its
 * begin is the same on any machine.
 */
import { EventEmitter, once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { asyncPlacesOf } from '#apps/agent/src/execution/place-counts.js';
import { WaitingRoom, type RoomLimits } from '#apps/agent/src/execution/waiting-room.js';
import { ClaimKeeper } from '#apps/broker/src/async-queries/claim-keeper.js';
import { QueryPump } from '#apps/broker/src/async-queries/query-pump.js';
import type { QueryRecords } from '#apps/broker/src/async-queries/query-records.js';
import type { RunClaimed, Verdict } from '#apps/broker/src/async-queries/run-claimed.js';
import { SiteLines, type InLine } from '#apps/broker/src/async-queries/site-lines.js';
import { MemoryBroadcast } from '#apps/broker/src/broadcast/broadcast.memory.js';
import type { BrokerConfig } from '#apps/broker/src/broker.config.js';
import type { SiteLinks } from '#apps/broker/src/gateway/site-links.port.js';
import { MemoryEventLog } from '#apps/broker/src/logging/event-log.js';
import { TransientStore } from '#apps/broker/src/transient/transient-store.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { FixedClock } from '#libs/kernel/clock.js';
import { untilReady } from '#test/support/ready-store.js';
import { hasRedis, TestRedis } from '#test/support/test-redis.js';

const FLOOD = 500;

/** A site whose agent runs a statement until it is told that it has ended. */
class OneSite {
  readonly siteId = randomUUID();
  /** Whose statements began, in that order. */
  readonly begun: string[] = [];
  readonly running: { integratorId: string; end: () => void }[] = [];
  readonly room: WaitingRoom;
  /** Says `begun` and `arrived` with the integrator. */
  readonly events = new EventEmitter();
  private readonly stopper = new AbortController();
  private readonly clock = new FixedClock(1_800_000_000_000);
  private readonly lines: SiteLines;
  private readonly pump: QueryPump;
  private readonly claims: ClaimKeeper;

  constructor(store: TransientStore, limits: RoomLimits) {
    this.room = new WaitingRoom(limits);
    this.lines = new SiteLines(store, this.clock);
    const links = { find: () => ({}), asyncPlaces: () => asyncPlacesOf(limits) };
    const agent = { execute: (claim: InLine) => this.run(claim) } as unknown as RunClaimed;
    const none = undefined as unknown as QueryRecords;
    this.claims = new ClaimKeeper(agent, this.lines, none, new MemoryEventLog());
    this.pump = new QueryPump(
      this.lines,
      links as unknown as SiteLinks,
      this.claims,
      new MemoryBroadcast(),
      { roles: ['gateway'] } as BrokerConfig,
    );
    this.pump.onApplicationBootstrap();
  }

  async submit(integratorId: string, count = 1): Promise<void> {
    for (let n = 0; n < count; n += 1) {
      const query = { id: randomUUID(), siteId: this.siteId, integratorId };
      await this.lines.join({ ...query, createdAtMs: this.clock.now() });
      this.clock.advance(1);
    }
    this.pump.wake(this.siteId);
  }

  /** The oldest statement ends. @returns who began in its place */
  async endOne(): Promise<string> {
    const began = once(this.events, 'begun');
    this.running.shift()?.end();
    return ((await began) as [string])[0];
  }

  async untilRunning(count: number): Promise<void> {
    while (this.running.length < count) await once(this.events, 'begun');
  }

  /** Until a query of the integrator, sent after this call, is at the agent. */
  untilArrived(integratorId: string): Promise<void> {
    return new Promise((resolve) =>
      this.events.on('arrived', (who) => who === integratorId && resolve()),
    );
  }

  stop(): void {
    this.stopper.abort(new ConduitError('LINK_CLOSED'));
    this.pump.beforeApplicationShutdown();
    this.claims.beforeApplicationShutdown();
    for (const { end } of this.running.splice(0)) end();
  }

  private async run({ integratorId }: InLine): Promise<Verdict> {
    const place = this.room.enter({
      lane: 'async',
      integratorId,
      grantId: integratorId,
      grantConcurrency: Infinity,
      maxWaitMs: 60_000,
      signal: this.stopper.signal,
    });
    this.events.emit('arrived', integratorId);
    const leave = await place;
    await new Promise<void>((end) => {
      this.running.push({ integratorId, end });
      this.begun.push(integratorId);
      this.events.emit('begun', integratorId);
    });
    leave();
    return 'leave';
  }
}

(hasRedis('fairness of async queries') ? describe : describe.skip)('beside a flood', () => {
  let redis: TestRedis;
  let store: TransientStore;
  let site: OneSite;

  beforeAll(async () => {
    redis = await TestRedis.single();
    store = await untilReady(TransientStore.open(redis.url));
  }, 30_000);
  afterAll(async () => {
    store?.close();
    await redis?.stop();
  });
  beforeEach(() => redis.empty());
  afterEach(() => site.stop());

  test('of one integrator with the limits of most sites, a query of another begins at once', async () => {
    site = new OneSite(store, { maxConcurrent: 8, maxConcurrentPerIntegrator: 4 });
    await site.submit('flood', FLOOD);
    await site.untilRunning(3);
    for (let n = 0; n < 20; n += 1) expect(await site.endOne()).toBe('flood');
    const before = site.begun.length;
    const begun = once(site.events, 'begun');
    await site.submit('quiet');
    await begun;
    expect(site.begun.slice(before)).toEqual(['quiet']);
  });

  test.each([
    ['a single place', { maxConcurrent: 1, maxConcurrentPerIntegrator: 1 }],
    ['as many places as the site has', { maxConcurrent: 8, maxConcurrentPerIntegrator: 8 }],
  ])('of one integrator that may take %s, it begins next', async (_title, limits) => {
    site = new OneSite(store, limits);
    await site.submit('flood', FLOOD);
    await site.untilRunning(asyncPlacesOf(limits).all);
    for (let n = 0; n < 20; n += 1) expect(await site.endOne()).toBe('flood');
    for (let n = 0; n < 3; n += 1) {
      const arrived = site.untilArrived('quiet');
      await site.submit('quiet');
      await arrived;
      expect(await site.endOne()).toBe('quiet');
      while (site.running.some(({ integratorId }) => integratorId === 'quiet'))
        expect(await site.endOne()).toBe('flood');
    }
  });

  test('of three integrators that take all places, it begins next', async () => {
    site = new OneSite(store, { maxConcurrent: 8, maxConcurrentPerIntegrator: 4 });
    for (const who of ['flood', 'other', 'third']) await site.submit(who, FLOOD / 2);
    await site.untilRunning(6);
    for (let n = 0; n < 30; n += 1) await site.endOne();
    const arrived = site.untilArrived('quiet');
    await site.submit('quiet');
    await arrived;
    expect(await site.endOne()).toBe('quiet');
  });

  test('no more waits at the agent than runs there, and no place stays empty', async () => {
    site = new OneSite(store, { maxConcurrent: 8, maxConcurrentPerIntegrator: 4 });
    for (const who of ['flood', 'other']) await site.submit(who, FLOOD);
    await site.untilRunning(6);
    for (let n = 0; n < 60; n += 1) {
      await site.endOne();
      expect(site.room.counts.running.async).toBe(6);
      expect(site.room.counts.waiting.async).toBeLessThanOrEqual(6);
    }
    const served = (who: string) => site.begun.filter((one) => one === who).length;
    expect(Math.abs(served('flood') - served('other'))).toBeLessThanOrEqual(6);
  });
});
