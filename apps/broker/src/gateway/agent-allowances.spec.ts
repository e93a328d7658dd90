import { expect, test } from '@jest/globals';
import {
  AGENT_REQUESTS_AT_ONCE,
  AgentAllowances,
  agentAllowances,
} from '#apps/broker/src/gateway/agent-allowances.js';
import { brokerPatterns } from '#libs/contracts/link-messages.js';
import { FixedClock } from '#libs/kernel/clock.js';

const limited = expect.objectContaining({ code: 'RATE_LIMITED' });

test('every message of an agent has an allowance', () => {
  expect(Object.keys(agentAllowances).sort()).toEqual(Object.values(brokerPatterns).sort());
});

test.each([...Object.values(brokerPatterns), 'nothing.here'])(
  '%s is refused beyond its rate, for this agent only, until time passes',
  (pattern) => {
    const clock = new FixedClock(0);
    const allowances = new AgentAllowances(clock);
    const ask = (agentId: string) => allowances.enter({ agentId }, pattern)();
    const { atOnce } = agentAllowances[pattern] ?? { atOnce: 10 };
    for (let count = 0; count < atOnce; count++) ask('agent-1');
    expect(() => ask('agent-1')).toThrow(limited);
    ask('agent-2');
    clock.advance(3_600_000);
    ask('agent-1');
  },
);

test('names that nobody knows share one allowance', () => {
  const allowances = new AgentAllowances(new FixedClock(0));
  const ask = (pattern: string) => allowances.enter({ agentId: 'agent-1' }, pattern)();
  for (let count = 0; count < 10; count++) ask(`made-up.${count}`);
  expect(() => ask('__proto__')).toThrow(limited);
});

test('an agent has few requests running, and each that ends makes room', () => {
  const allowances = new AgentAllowances(new FixedClock(0));
  const enter = () => allowances.enter({ agentId: 'agent-1' }, brokerPatterns.publishGrant);
  const leave = Array.from({ length: AGENT_REQUESTS_AT_ONCE }, enter);
  expect(enter).toThrow(limited);
  leave.pop()?.();
  enter();
  expect(enter).toThrow(limited);
});
