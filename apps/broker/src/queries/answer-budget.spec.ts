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
  const [one, other] = [budget.open(), budget.open()];
  expect([one.add(60), other.add(40)]).toEqual([undefined, undefined]);
});

test('a new answer is refused while there is none, and let in when there is again', () => {
  const budget = aBudget(100);
  const full = budget.open();
  expect(full.add(100)).toBeUndefined();
  expect(() => budget.open()).toThrow(expect.objectContaining({ code: 'BROKER_BUSY' }));
  full.release();
  full.release();
  expect(budget.open().add(100)).toBeUndefined();
});

test('those under way wait, the oldest goes on, and its end lets the next one go on', async () => {
  const budget = aBudget(100);
  const [oldest, second, third] = [budget.open(), budget.open(), budget.open()];
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

test('an answer whose caller has left waits no longer', async () => {
  const budget = aBudget(100);
  const [oldest, second] = [budget.open(), budget.open()];
  void oldest.add(90);
  const wait = second.add(90);
  second.release();
  expect(await hasEnded(wait)).toBe(true);
  expect(second.add(90)).toBeUndefined();
  expect(() => budget.open()).not.toThrow();
});
