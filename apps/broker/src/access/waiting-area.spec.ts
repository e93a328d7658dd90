import { expect, test } from '@jest/globals';
import { WaitingArea } from '#apps/broker/src/access/waiting-area.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

const refusal = new ConduitError('RATE_LIMITED');

test('tells those that are over their rate so half a second later or more, and not all at once', async () => {
  const area = new WaitingArea();
  const started = performance.now();
  const after = await Promise.all(
    Array.from({ length: 64 }, async () => {
      await expect(area.refuse(refusal)).rejects.toBe(refusal);
      return performance.now() - started;
    }),
  );
  expect(Math.min(...after)).toBeGreaterThan(480);
  expect(Math.max(...after) - Math.min(...after)).toBeGreaterThan(200);
});

test('keeps no more than it has room for: the next is refused at once', async () => {
  const area = new WaitingArea();
  const waiting = Array.from({ length: 5_000 }, () => area.refuse(refusal).catch(() => 'later'));
  const first = await Promise.race([...waiting, area.refuse(refusal).catch(() => 'at once')]);
  expect(first).toBe('at once');
  await Promise.all(waiting);
  await expect(Promise.race([area.refuse(refusal), Promise.resolve('room')])).resolves.toBe('room');
});
