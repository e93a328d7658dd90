import { expect, test } from '@jest/globals';
import { mapInSteps } from '#libs/kernel/in-steps.js';

test.each([0, 1, 256, 257, 1_000])('maps %d items in their order', async (count) => {
  const items = Array.from({ length: count }, (_, at) => at);
  expect(await mapInSteps(items, (item) => -item)).toEqual(items.map((item) => -item));
});

test('lets others have the thread in between', async () => {
  const seen: string[] = [];
  setImmediate(() => seen.push('other'));
  await mapInSteps([...Array<undefined>(600)], () => seen.push('own'));
  expect([0, 256, 513].map((at) => seen[at])).toEqual(['own', 'other', 'own']);
});

test('ends with the first failure', async () => {
  const fails = () => {
    throw new Error('planned');
  };
  await expect(mapInSteps([1, 2], fails)).rejects.toThrow('planned');
});
