import { expect, test } from '@jest/globals';
import { AnswerBudget } from '#apps/broker/src/queries/answer-budget.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';

const aBudget = (maxWholeAnswerBytes: number): AnswerBudget =>
  new AnswerBudget(Object.assign(new BrokerConfig(), { maxWholeAnswerBytes }));

const hasEnded = async (wait: Promise<void> | undefined): Promise<boolean> => {
  let ended = false;
  void wait?.then(() => (ended = true));
  await new Promise((resolve) => setImmediate(resolve));
  return ended;
};

test('nobody waits and nobody is refused while there is room', () => {
  const budget = aBudget(100);
  const [one, other] = [budget.open('vendor'), budget.open('vendor')];
  expect([one.add(60), other.add(40)]).toEqual([undefined, undefined]);
});

test('a new answer is refused while there is none, and let in when there is again', () => {
  const budget = aBudget(100);
  const full = budget.open('vendor');
  expect(full.add(100)).toBeUndefined();
  expect(() => budget.open('vendor')).toThrow(expect.objectContaining({ code: 'BROKER_BUSY' }));
  full.release();
  full.release();
  expect(budget.open('vendor').add(100)).toBeUndefined();
});

test('those under way wait, the oldest goes on, and its end lets the next one go on', async () => {
  const budget = aBudget(100);
  const [oldest, second, third] = [
    budget.open('vendor'),
    budget.open('vendor'),
    budget.open('vendor'),
  ];
  void oldest.add(90);
  const waits = [second.add(90), third.add(90)];
  expect(await hasEnded(waits[0])).toBe(false);
  expect(oldest.add(1_000)).toBeUndefined();
  oldest.release();
  expect(await hasEnded(waits[0])).toBe(true);
  expect(await hasEnded(waits[1])).toBe(false);
  second.release();
  expect(await hasEnded(waits[1])).toBe(true);
});

const MB = 1024 * 1024;

test('one integrator holds its share and no more; others find room', async () => {
  const budget = aBudget(100 * MB);
  const [first, second] = [budget.open('greedy'), budget.open('greedy')];
  expect(first.add(20 * MB)).toBeUndefined();
  const wait = second.add(6 * MB);
  expect(await hasEnded(wait)).toBe(false);
  expect(() => budget.open('greedy')).toThrow(
    expect.objectContaining({ code: 'RATE_LIMITED', facts: { retryAfterMs: 1_000 } }),
  );
  const modest = budget.open('modest');
  expect(modest.add(24 * MB)).toBeUndefined();
  // Its oldest goes on whatever it holds, and its end lets the next one go on.
  expect(first.add(10 * MB)).toBeUndefined();
  first.release();
  expect(await hasEnded(wait)).toBe(true);
  expect(() => budget.open('greedy').release()).not.toThrow();
  second.release();
  modest.release();
  expect(budget.heldBytes).toBe(0);
});

test('a share is never less than two of the largest answers', () => {
  const budget = aBudget(32 * MB);
  const [one, other] = [budget.open('vendor'), budget.open('vendor')];
  expect([one.add(8 * MB), other.add(8 * MB)]).toEqual([undefined, undefined]);
  expect(() => budget.open('vendor')).toThrow(expect.objectContaining({ code: 'RATE_LIMITED' }));
});

test('an answer that waits for both its share and the rest goes on only when both allow it', async () => {
  const budget = aBudget(64 * MB);
  const others = ['a', 'b', 'c'].map((vendor) => budget.open(vendor));
  const [first, second] = [budget.open('greedy'), budget.open('greedy')];
  for (const other of others) void other.add(16 * MB);
  void first.add(10 * MB);
  const wait = second.add(8 * MB);
  others[0]?.release();
  expect(await hasEnded(wait)).toBe(false);
  first.release();
  expect(await hasEnded(wait)).toBe(true);
});

test('an answer whose caller has left waits no longer', async () => {
  const budget = aBudget(100);
  const [oldest, second] = [budget.open('vendor'), budget.open('vendor')];
  void oldest.add(90);
  const wait = second.add(90);
  second.release();
  expect(await hasEnded(wait)).toBe(true);
  expect(second.add(90)).toBeUndefined();
  expect(() => budget.open('vendor')).not.toThrow();
});
