import { expect, test } from '@jest/globals';
import { SeededRandom } from '#libs/kernel/seeded-random.js';

const drawn = (seed: number): number[] => {
  const random = new SeededRandom(seed);
  return Array.from({ length: 50 }, () => random.between(1, 6));
};

test('the same seed draws the same, another seed draws something else', () => {
  expect(drawn(7)).toEqual(drawn(7));
  expect(drawn(7)).not.toEqual(drawn(8));
});

test('every face comes up, and nothing beyond them', () => {
  const random = new SeededRandom(1);
  const faces = new Set(Array.from({ length: 500 }, () => random.between(3, 6)));
  expect([...faces].sort()).toEqual([3, 4, 5, 6]);
});

test('what a fork draws does not shift what its parent draws', () => {
  const [idle, busy] = [new SeededRandom(3), new SeededRandom(3)];
  idle.fork();
  const fork = busy.fork();
  for (let n = 0; n < 9; n += 1) fork.next();
  expect(busy.next()).toBe(idle.next());
});

test('words have the length asked for, and nothing is picked from nothing', () => {
  expect(new SeededRandom(4).word(12)).toMatch(/^[a-z0-9]{12}$/);
  expect(() => new SeededRandom(4).pick([])).toThrow(RangeError);
});
