import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { JoinCounter } from '#apps/agent/src/identity/join-counter.js';
import type { AgentLink } from '#apps/agent/src/link/agent-link.js';
import { AgentReporter } from '#apps/agent/src/link/agent-reporter.js';
import type { BrokerClock } from '#apps/agent/src/link/broker-clock.js';
import type { NotedFailure } from '#apps/agent/src/link/database-health.port.js';
import type { SelfReport } from '#apps/agent/src/link/self-report.js';
import { MemoryEventLog } from '#apps/agent/src/logging/event-log.js';
import type { AgentReport } from '#libs/contracts/link-messages.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

/** A link whose answers the test gives, and what the agent says of itself. */
class Pretend {
  readonly log = new MemoryEventLog();
  readonly told: AgentReport[] = [];
  readonly skews: number[] = [];
  state = 'connected';
  paused = false;
  linkFailure: NotedFailure | undefined;
  databaseFailure: NotedFailure | undefined;
  answer = (): Promise<object> => Promise.resolve({ brokerTimeMs: Date.now() - 5_000 });
  join = (): void => undefined;
  change = (): void => undefined;
  readonly reporter: AgentReporter;

  constructor() {
    const own = (): this => this;
    const link = {
      get state() {
        return own().state;
      },
      get lastFailure() {
        return own().linkFailure;
      },
      onAttached: (listener: () => void) => (this.join = listener),
      ask: (_pattern: string, meta: AgentReport) => {
        this.told.push(meta);
        return this.answer();
      },
    };
    const self = {
      onChange: (listener: () => void) => (this.change = listener),
      describe: () => ({ paused: this.paused, sites: [] }),
      get lastDatabaseFailure() {
        return own().databaseFailure;
      },
    };
    this.reporter = new AgentReporter(
      link as unknown as AgentLink,
      { instanceId: 'this-process' } as unknown as JoinCounter,
      self as unknown as SelfReport,
      { note: (ms: number) => this.skews.push(ms) } as unknown as BrokerClock,
      this.log,
    );
    this.reporter.start();
  }

  /** Lets what was begun go on for so long. */
  readonly passes = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms);
}

let agent: Pretend;

beforeEach(() => {
  jest.useFakeTimers();
  agent = new Pretend();
});
afterEach(() => {
  agent.reporter.stop();
  jest.useRealTimers();
});

test('an agent reports when it joins, when it changes and every thirty seconds', async () => {
  agent.join();
  await agent.passes(0);
  expect(agent.told).toMatchObject([{ instanceId: 'this-process', paused: false, sites: [] }]);
  expect(agent.skews).toEqual([5_000]);
  agent.paused = true;
  agent.change();
  await agent.passes(0);
  expect(agent.told[1]).toMatchObject({ paused: true, linkMs: expect.any(Number) });
  await agent.passes(30_000);
  expect(agent.told).toHaveLength(3);
});

test('of what changes while a report is on its way only the last is told, and after it', async () => {
  let deliver = (): void => undefined;
  agent.answer = () =>
    new Promise((resolve) => (deliver = () => resolve({ brokerTimeMs: Date.now() })));
  agent.join();
  await agent.passes(0);
  agent.paused = true;
  for (let time = 0; time < 3; time++) agent.change();
  await agent.passes(0);
  expect(agent.told).toHaveLength(1);
  deliver();
  await agent.passes(0);
  expect(agent.told.map(({ paused }) => paused)).toEqual([false, true]);
  deliver();
  await agent.passes(0);
  expect(agent.told).toHaveLength(2);
});

test('a report that fails is written down and tried again soon, until one has come', async () => {
  agent.answer = () => Promise.reject(new ConduitError('EXECUTION_TIMEOUT'));
  agent.join();
  await agent.passes(2_500);
  expect(agent.told).toHaveLength(2);
  expect(agent.log.lines[0]).toEqual({
    event: 'report.failed',
    fields: { code: 'EXECUTION_TIMEOUT' },
  });
  agent.answer = () => Promise.resolve({ brokerTimeMs: Date.now() });
  await agent.passes(10_000);
  expect(agent.told).toHaveLength(3);
});

test('without a link nothing is said, and a link that is cut is no fault of the report', async () => {
  agent.state = 'waiting';
  agent.change();
  await agent.passes(60_000);
  expect(agent.told).toEqual([]);
  agent.state = 'connected';
  agent.answer = () => Promise.reject(new ConduitError('LINK_CLOSED'));
  agent.join();
  await agent.passes(10_000);
  expect(agent.told).toHaveLength(1);
  expect(agent.log.lines).toEqual([]);
});

test('the newer of what went wrong with the link and with a database is told, with its age', async () => {
  const atMs = performance.now();
  agent.linkFailure = { code: 'LINK_REFUSED', atMs: atMs - 9_000 };
  agent.databaseFailure = { code: 'DATABASE_UNAVAILABLE', atMs: atMs - 4_000 };
  agent.join();
  await agent.passes(0);
  expect(agent.told[0]).toMatchObject({ lastError: 'DATABASE_UNAVAILABLE', lastErrorAgeMs: 4_000 });
});
