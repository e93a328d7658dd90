import { describe, expect, test } from '@jest/globals';
import { KeyTurns } from '#apps/agent/src/writes/key-turns.js';

const [key, other] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];

describe('turns of one key', () => {
  test('come one after the other, in the order of asking', async () => {
    const turns = new KeyTurns();
    const order: number[] = [];
    const first = await turns.take(key, 1_000);
    const later = [2, 3].map(async (number) => {
      const leave = await turns.take(key, 1_000);
      order.push(number);
      leave();
    });
    order.push(1);
    first();
    await Promise.all(later);
    expect(order).toEqual([1, 2, 3]);
    (await turns.take(key, 0))();
  });

  test('do not wait for another key', async () => {
    const turns = new KeyTurns();
    await turns.take(key, 1_000);
    (await turns.take(other, 0))();
  });

  test('are given up after the time, without holding up who comes next', async () => {
    const turns = new KeyTurns();
    const first = await turns.take(key, 1_000);
    await expect(turns.take(key, 5)).rejects.toMatchObject({ code: 'WRITE_IN_PROGRESS' });
    const third = turns.take(key, 1_000);
    first();
    (await third)();
  });
});

describe('requests under a key', () => {
  test('are known from their coming to the last one’s end', () => {
    const turns = new KeyTurns();
    expect(turns.has(key)).toBe(false);
    const [one, two] = [turns.expect(key), turns.expect(key)];
    one();
    one();
    expect(turns.has(key)).toBe(true);
    two();
    expect(turns.has(key)).toBe(false);
  });
});
