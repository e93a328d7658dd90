import { expect, test } from '@jest/globals';
import { FairTurns } from '#apps/broker/src/access/fair-turns.js';

const aTurn = () => new Promise((resolve) => setImmediate(resolve));

test('takes on at once what comes one by one', async () => {
  const turns = new FairTurns();
  for (let n = 0; n < 10; n += 1) {
    expect(turns.take('quiet')).toBeUndefined();
    await aTurn();
  }
});

test('lets a single request pass the hundred that another sent before it', async () => {
  const turns = new FairTurns();
  const order: string[] = [];
  const ask = (who: string) => Promise.resolve(turns.take(who)).then(() => order.push(who));
  const all = Array.from({ length: 100 }, () => ask('flooder'));
  await aTurn();
  all.push(ask('quiet'), ask('other'));
  await Promise.all(all);
  expect(order).toHaveLength(102);
  // Behind what was taken on in two turns, and beside one more of the flooder's.
  expect(order.indexOf('quiet')).toBeLessThan(16);
  expect(order.indexOf('other')).toBeLessThan(16);
});

test('keeps the order of one integrator', async () => {
  const turns = new FairTurns();
  const order: number[] = [];
  const ask = (n: number) => Promise.resolve(turns.take('one')).then(() => order.push(n));
  await Promise.all(Array.from({ length: 20 }, (_, n) => ask(n)));
  expect(order).toEqual([...Array(20).keys()]);
});
