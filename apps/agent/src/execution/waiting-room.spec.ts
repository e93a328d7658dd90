import { describe, expect, test } from '@jest/globals';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { WaitingRoom, type PlaceRequest } from '#apps/agent/src/execution/waiting-room.js';

function aRequest(integratorId: string, request: Partial<PlaceRequest> = {}): PlaceRequest {
  return {
    integratorId,
    grantId: `grant-${integratorId}`,
    grantConcurrency: Infinity,
    maxWaitMs: 10_000,
    signal: new AbortController().signal,
    ...request,
  };
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
    expect(order).toEqual(['flood', 'quiet', 'flood', 'flood', 'flood']);
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
