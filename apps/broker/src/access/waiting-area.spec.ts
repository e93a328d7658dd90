import { expect, test } from '@jest/globals';
import { WaitingArea } from '#apps/broker/src/access/waiting-area.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

const refusal = new ConduitError('RATE_LIMITED');

test('tells one that is over its rate so half a second later', async () => {
  const started = performance.now();
  await expect(new WaitingArea().refuse(refusal)).rejects.toBe(refusal);
  expect(performance.now() - started).toBeGreaterThan(480);
});

test('keeps no more than it has room for: the next is refused at once', async () => {
  const area = new WaitingArea();
  const waiting = Array.from({ length: 5_000 }, () => area.refuse(refusal).catch(() => 'later'));
  const first = await Promise.race([...waiting, area.refuse(refusal).catch(() => 'at once')]);
  expect(first).toBe('at once');
  await Promise.all(waiting);
  await expect(Promise.race([area.refuse(refusal), Promise.resolve('room')])).resolves.toBe('room');
});
