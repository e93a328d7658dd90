import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { enrolAgent, startConnectedAgent } from '#test/identity/agent.fixture.js';
import { startTestBroker, type TestBroker } from '#test/identity/broker.fixture.js';
import { until } from '#test/support/settle.js';

let broker: TestBroker;

beforeAll(async () => {
  broker = await startTestBroker();
});

afterAll(() => broker.stop());

test('a clock that is off is named although the link is up, and no more once it is right', async () => {
  const agent = await startConnectedAgent(await enrolAgent(broker, await broker.practice()));
  const { link, log } = agent;
  const events = (event: string) => log.lines.filter((line) => line.event === event);
  /** As each report does: at every join and every thirty seconds. */
  const compare = async (shiftMs: number) => {
    broker.clock.shiftMs = shiftMs;
    const joins = events('link.connected').length;
    link.redial();
    await until(() => events('link.connected').length > joins && link.state === 'connected');
  };
  await until(() => link.status.skewMs !== undefined);
  expect(link.status.diagnosis).toBeUndefined();

  // Within what is borne: nobody is bothered.
  await compare(20_000);
  await until(() => (link.status.skewMs ?? 0) < -10_000);
  expect(link.status.diagnosis).toBeUndefined();

  await compare(45_000);
  await until(() => events('clock.skewed').length === 1);
  const { skewSeconds } = events('clock.skewed')[0]?.fields as { skewSeconds: number };
  // What the answer took on its way counts as skew.
  expect(skewSeconds).toBeGreaterThanOrEqual(-45);
  expect(skewSeconds).toBeLessThan(-35);
  expect(link.status).toMatchObject({ state: 'connected', diagnosis: { code: 'CLOCK_SKEWED' } });
  expect(link.status.diagnosis?.remedy).toMatch(/clock|time/i);

  await compare(0);
  await until(() => events('clock.corrected').length === 1);
  expect(link.status.diagnosis).toBeUndefined();
  expect(events('clock.skewed')).toHaveLength(1);
  await agent.stop(0);
}, 30_000);
