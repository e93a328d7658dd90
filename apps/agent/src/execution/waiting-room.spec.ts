import { describe, expect, test } from '@jest/globals';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { WaitingRoom, type PlaceRequest } from '#apps/agent/src/execution/waiting-room.js';

function aRequest(integratorId: string, request: Partial<PlaceRequest> = {}): PlaceRequest {
  return {
    lane: 'immediate',
    integratorId,
    grantId: `grant-${integratorId}`,
    grantConcurrency: Infinity,
    maxWaitMs: 10_000,
    signal: new AbortController().signal,
    ...request,
  };
}

function aCaller(): { signal: AbortSignal; abort: () => void } {
  const caller = new AbortController();
  return { signal: caller.signal, abort: () => caller.abort(new ConduitError('CLIENT_GONE')) };
}

const aRoom = (maxConcurrent: number, maxConcurrentPerIntegrator = maxConcurrent): WaitingRoom =>
  new WaitingRoom({ maxConcurrent, maxConcurrentPerIntegrator });

describe('a waiting room', () => {
  test('gives a place at once while there is one', () => {
    const room = aRoom(1);
    const leave = room.enter(aRequest('a'));
    expect(typeof leave).toBe('function');
    expect(room.runningCount).toBe(1);
    (leave as () => void)();
    (leave as () => void)();
    expect(room.runningCount).toBe(0);
  });

  test('refuses at once a request that may not wait', () => {
    const room = aRoom(1);
    void room.enter(aRequest('a'));
    expect(() => room.enter(aRequest('b', { maxWaitMs: 0 }))).toThrow(ConduitError);
  });

  test('lets a request wait no longer than it may, and forgets it', async () => {
    const room = aRoom(1);
    const leave = room.enter(aRequest('a')) as () => void;
    await expect(room.enter(aRequest('b', { maxWaitMs: 1 }))).rejects.toMatchObject({
      code: 'QUEUE_EXPIRED',
    });
    leave();
    expect(room.runningCount).toBe(0);
  });

  test('forgets a request whose caller has left', async () => {
    const room = aRoom(1);
    const leave = room.enter(aRequest('a')) as () => void;
    const caller = new AbortController();
    const waiting = room.enter(aRequest('b', { signal: caller.signal }));
    caller.abort(new ConduitError('CLIENT_GONE'));
    await expect(waiting).rejects.toMatchObject({ code: 'CLIENT_GONE' });
    leave();
    expect(room.runningCount).toBe(0);
  });

  test('serves the integrators in turn, however many requests one of them has', async () => {
    const room = aRoom(1);
    let leave = room.enter(aRequest('flood')) as () => void;
    const order: string[] = [];
    const wait = async (name: string): Promise<void> => {
      leave = await room.enter(aRequest(name));
      order.push(name);
    };
    const all = ['flood', 'flood', 'flood', 'quiet', 'flood'].map(wait);
    for (let served = 0; served < all.length; served += 1) {
      leave();
      while (order.length === served) await Promise.resolve();
    }
    await Promise.all(all);
    expect(order).toEqual(['quiet', 'flood', 'flood', 'flood', 'flood']);
  });

  test('does not let one that comes again and again pass one that waits', async () => {
    const room = aRoom(1);
    let leave = room.enter(aRequest('again')) as () => void;
    const order: string[] = [];
    const wait = async (name: string): Promise<void> => {
      leave = await room.enter(aRequest(name));
      order.push(name);
    };
    void wait('flood');
    void wait('flood');
    for (let served = 0; served < 4; served += 1) {
      if (served % 2 === 0) void wait('again');
      leave();
      while (order.length === served) await Promise.resolve();
    }
    expect(order).toEqual(['flood', 'again', 'flood', 'again']);
  });

  test('holds an integrator and a grant to their own numbers while others pass', () => {
    const room = aRoom(8, 2);
    expect(typeof room.enter(aRequest('a', { grantConcurrency: 1 }))).toBe('function');
    expect(() => room.enter(aRequest('a', { grantConcurrency: 1, maxWaitMs: 0 }))).toThrow();
    expect(typeof room.enter(aRequest('a', { grantId: 'other' }))).toBe('function');
    expect(() => room.enter(aRequest('a', { grantId: 'third', maxWaitMs: 0 }))).toThrow();
    expect(typeof room.enter(aRequest('b', { maxWaitMs: 0 }))).toBe('function');
  });
});

describe('lanes', () => {
  const background = { lane: 'async' } as const;

  /** Fills the room, lets requests wait, then gives the places back one by one. */
  async function served(
    room: WaitingRoom,
    lanes: readonly PlaceRequest['lane'][],
  ): Promise<string[]> {
    let leave = room.enter(aRequest('first')) as () => void;
    const order: string[] = [];
    const all = lanes.map(async (lane, n) => {
      leave = await room.enter(aRequest(`${lane} ${n}`, { lane }));
      order.push(lane);
    });
    for (let count = 0; count < all.length; count += 1) {
      leave();
      while (order.length === count) await Promise.resolve();
    }
    await Promise.all(all);
    return order;
  }

  test('serve immediate requests first, whoever came before them', async () => {
    const order = await served(aRoom(1), ['async', 'registered', 'immediate', 'immediate']);
    expect(order).toEqual(['immediate', 'immediate', 'async', 'registered']);
  });

  test('share what is left four to one between async and registered, so that both go on', async () => {
    const order = await served(aRoom(1), [
      ...Array.from({ length: 3 }, () => 'registered' as const),
      ...Array.from({ length: 9 }, () => 'async' as const),
    ]);
    const registered = order.flatMap((lane, n) => (lane === 'registered' ? [n] : []));
    expect(registered).toEqual([4, 9, 11]);
  });

  test('keep a quarter of the places for immediate requests, at least one', () => {
    for (const [places, most] of [
      [2, 1],
      [4, 3],
      [8, 6],
    ] as const) {
      const room = aRoom(places);
      const enter = (): unknown => room.enter(aRequest('a', { ...background, maxWaitMs: 0 }));
      for (let n = 0; n < most; n += 1) expect(typeof enter()).toBe('function');
      expect(enter).toThrow();
      for (let n = most; n < places; n += 1) {
        expect(typeof room.enter(aRequest('b', { maxWaitMs: 0 }))).toBe('function');
      }
    }
  });

  test('let an immediate request in at once, however many of the others run and wait', async () => {
    const room = aRoom(8, 4);
    const { signal, abort } = aCaller();
    const flood = (['async', 'registered'] as const).flatMap((lane) =>
      Array.from({ length: 100 }, async () => room.enter(aRequest('flood', { lane, signal }))),
    );
    expect(room.counts.waiting).toMatchObject({ async: 97, registered: 100 });
    for (const who of ['quiet', 'flood'])
      expect(typeof room.enter(aRequest(who, { maxWaitMs: 0 }))).toBe('function');
    abort();
    await Promise.allSettled(flood);
  });

  test("keep a place of an integrator's and a grant's own for its immediate requests", () => {
    const room = aRoom(16, 4);
    for (let n = 0; n < 3; n += 1) void room.enter(aRequest('a', background));
    expect(() => room.enter(aRequest('a', { ...background, maxWaitMs: 0 }))).toThrow();
    expect(typeof room.enter(aRequest('a', { maxWaitMs: 0 }))).toBe('function');
    const pair = { grantConcurrency: 2, grantId: 'pair' };
    void room.enter(aRequest('b', { ...background, ...pair }));
    expect(() => room.enter(aRequest('b', { ...background, ...pair, maxWaitMs: 0 }))).toThrow();
    expect(typeof room.enter(aRequest('b', { ...pair, maxWaitMs: 0 }))).toBe('function');
  });

  test('leave registered runs half of the background places', () => {
    const room = aRoom(8);
    const registered = { lane: 'registered', maxWaitMs: 0 } as const;
    for (let n = 0; n < 3; n += 1)
      expect(typeof room.enter(aRequest('a', registered))).toBe('function');
    expect(() => room.enter(aRequest('a', registered))).toThrow();
    expect(typeof room.enter(aRequest('a', { ...background, maxWaitMs: 0 }))).toBe('function');
  });

  test('a single place goes to whoever is there first, and to immediate requests after him', async () => {
    const room = aRoom(1);
    const leave = room.enter(aRequest('a', background)) as () => void;
    const second = room.enter(aRequest('a', background));
    const urgent = room.enter(aRequest('b'));
    leave();
    (await urgent)();
    await second;
    expect(room.counts).toEqual({
      running: { immediate: 0, async: 1, registered: 0 },
      waiting: { immediate: 0, async: 0, registered: 0 },
    });
  });

  test('that are held admit nobody until they are let go, and say how many wait', async () => {
    const room = aRoom(4);
    room.hold(['async']);
    const waiting = room.enter(aRequest('a', background));
    expect(typeof room.enter(aRequest('a'))).toBe('function');
    expect(typeof room.enter(aRequest('a', { lane: 'registered' }))).toBe('function');
    expect(room.counts.waiting).toEqual({ immediate: 0, async: 1, registered: 0 });
    room.hold([]);
    expect(typeof (await waiting)).toBe('function');
  });

  test('that are held say why a request was not admitted', () => {
    const room = aRoom(4);
    room.hold(['async']);
    expect(() => room.enter(aRequest('a', { ...background, maxWaitMs: 0 }))).toThrow(
      expect.objectContaining({
        code: 'QUEUE_EXPIRED',
        facts: expect.objectContaining({ reason: 'loadBrake', retryAfterMs: 2_000 }),
      }),
    );
  });

  test('tell when no immediate statement runs, at the latest after the time given', async () => {
    const room = aRoom(4);
    expect(room.quiet(1_000)).toBeUndefined();
    const leave = room.enter(aRequest('a')) as () => void;
    const started = performance.now();
    await room.quiet(20);
    expect(performance.now() - started).toBeGreaterThan(15);
    const quiet = room.quiet(60_000);
    leave();
    await quiet;
    expect(room.quiet(1_000)).toBeUndefined();
  });
});
