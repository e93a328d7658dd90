import { expect, test } from '@jest/globals';
import type { SiteLines } from '#apps/broker/src/async-queries/site-lines.js';
import { WaitingAllowance } from '#apps/broker/src/async-queries/waiting-allowance.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { FixedClock } from '#libs/kernel/clock.js';

function anAllowance(waiting: Record<string, number>) {
  const clock = new FixedClock(0);
  const config = Object.assign(new BrokerConfig(), { maxWaitingQueries: 10 });
  const lines = {
    reads: 0,
    waitingOf(integratorId: string) {
      this.reads += 1;
      return Promise.resolve(waiting[integratorId] ?? 0);
    },
  };
  const allowance = new WaitingAllowance(config, lines as unknown as SiteLines, clock);
  return { allowance, clock, lines };
}

test('lets an integrator wait with so many, and says when there is room again', async () => {
  const { allowance, clock } = anAllowance({ busy: 8 });
  await allowance.require('busy', 'site');
  await allowance.require('busy', 'site');
  await expect(allowance.require('busy', 'site')).rejects.toMatchObject({
    code: 'QUERIES_WAITING_LIMIT',
    facts: { retryAfterMs: 10_000 },
  });
  await allowance.require('quiet', 'site');
  clock.advance(600);
  await allowance.require('busy', 'site');
});

test('asks Redis now and then, not for each query', async () => {
  const { allowance, lines } = anAllowance({});
  for (let n = 0; n < 10; n += 1) await allowance.require('busy', 'site');
  expect(lines.reads).toBe(1);
});
