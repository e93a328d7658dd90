import { expect, test } from '@jest/globals';
import { coalesce } from '#libs/kernel/coalesce.js';

test('calls during a run share one more run that begins after them', async () => {
  const ends: (() => void)[] = [];
  const read = coalesce(() => new Promise<void>((resolve) => ends.push(resolve)));
  const first = read();
  const shared = [read(), read(), read()];
  expect(ends).toHaveLength(1);
  ends[0]?.();
  await first;
  await new Promise(setImmediate);
  expect(ends).toHaveLength(2);
  const later = read();
  ends[1]?.();
  await Promise.all(shared);
  await new Promise(setImmediate);
  expect(ends).toHaveLength(3);
  ends[2]?.();
  await later;
});

test('a run that fails does not stop the next', async () => {
  let runs = 0;
  const read = coalesce(async () => {
    runs += 1;
    await Promise.resolve();
    if (runs === 1) throw new Error('planned');
  });
  const failing = read();
  const next = read();
  await expect(failing).rejects.toThrow('planned');
  await expect(next).resolves.toBeUndefined();
  await expect(read()).resolves.toBeUndefined();
  expect(runs).toBe(3);
});
