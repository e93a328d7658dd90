import { describe, expect, test } from '@jest/globals';
import {
  standingLimits,
  standingOf,
  type AgentSignalFacts,
} from '#apps/broker/src/fleet/agent-standing.js';
import { agentCauses, agentStates, type AgentState } from '#libs/console-api/operator.js';

const NOW = Date.parse('2026-05-04T02:00:00Z');
const { silentMs, probeStaleMs, certificateMs, clockOffsetMs } = standingLimits;

const healthy: AgentSignalFacts = {
  registry: 'active',
  registryReason: null,
  heardAtMs: NOW - 1_000,
  leftAtMs: null,
  probedAtMs: NOW - 5_000,
  database: 'ok',
  load: 'normal',
  paused: false,
  certificateEndsAtMs: NOW + 20 * 3_600_000,
  clockOffsetMs: 12,
};
const stand = (facts: Partial<AgentSignalFacts>) => standingOf({ ...healthy, ...facts }, NOW);

/** One or two on each side of every border. */
const values = {
  registry: ['active', 'quarantined', 'revoked'],
  registryReason: [null, 'operator', 'stale-join', 'something else'],
  heardAtMs: [null, NOW, NOW - silentMs, NOW - silentMs - 1],
  leftAtMs: [null, NOW - 500],
  probedAtMs: [null, NOW, NOW - probeStaleMs, NOW - probeStaleMs - 1],
  database: ['ok', 'unavailable', 'loginRefused', 'unknown', null],
  load: ['normal', 'asyncPaused', 'backgroundPaused'],
  paused: [false, true],
  certificateEndsAtMs: [null, NOW + certificateMs, NOW + certificateMs - 1],
  clockOffsetMs: [null, clockOffsetMs, -clockOffsetMs - 1],
} as const;

function* combinations(): Generator<AgentSignalFacts> {
  const fields = Object.entries(values);
  const total = fields.reduce((product, [, of]) => product * of.length, 1);
  for (let index = 0; index < total; index += 1) {
    let rest = index;
    const facts: Record<string, unknown> = {};
    for (const [field, of] of fields) {
      facts[field] = of[rest % of.length];
      rest = Math.floor(rest / of.length);
    }
    yield facts as unknown as AgentSignalFacts;
  }
}

describe('the standing of an agent', () => {
  test('is exactly one state with a cause of the list, for every combination of signals', () => {
    const seen = new Map<AgentState, number>();
    const wrong: AgentSignalFacts[] = [];
    for (const facts of combinations()) {
      const { state, causes } = standingOf(facts, NOW);
      seen.set(state, (seen.get(state) ?? 0) + 1);
      const isListed = causes.length > 0 && causes.every((cause) => agentCauses.includes(cause));
      const isHealthy = causes.includes('healthy');
      const agrees = isHealthy === (state === 'online') && (!isHealthy || causes.length === 1);
      if (!isListed || !agrees || new Set(causes).size !== causes.length) wrong.push(facts);
    }
    expect(wrong).toEqual([]);
    expect([...seen.keys()].sort()).toEqual([...agentStates].sort());
  });

  test('is never healthy by its link alone', () => {
    const healthyBlindly = [...combinations()].filter((facts) => {
      const { database, probedAtMs } = facts;
      const answered = database === 'ok' && probedAtMs !== null && NOW - probedAtMs <= probeStaleMs;
      return !answered && standingOf(facts, NOW).state === 'online';
    });
    expect(healthyBlindly).toEqual([]);
  });

  test.each([
    ['online', 'healthy', {}],
    ['revoked', 'key-compromised', { registry: 'revoked', registryReason: 'key-compromised' }],
    ['quarantined', 'stale-join', { registry: 'quarantined', registryReason: 'stale-join' }],
    ['offline', 'never-joined', { heardAtMs: null }],
    ['offline', 'said-goodbye', { leftAtMs: NOW, heardAtMs: NOW - 9 * 86_400_000 }],
    ['unreachable', 'silent', { heardAtMs: NOW - silentMs - 1 }],
    ['degraded', 'data-path-unknown', { database: null, probedAtMs: null }],
    ['degraded', 'database-login-refused', { database: 'loginRefused', paused: true }],
    ['degraded', 'database-unavailable', { database: 'unavailable', clockOffsetMs: 99_000 }],
    ['degraded', 'probe-stale', { probedAtMs: NOW - probeStaleMs - 1 }],
    ['degraded', 'certificate-expiring', { certificateEndsAtMs: NOW - 1 }],
    ['degraded', 'clock-skewed', { clockOffsetMs: -31_000 }],
    ['degraded', 'paused', { paused: true }],
    ['degraded', 'database-slow', { load: 'asyncPaused' }],
  ] as const)('%s with the cause %s', (state, cause, facts) => {
    expect(stand(facts)).toMatchObject({ state, causes: expect.arrayContaining([cause]) });
    expect(stand(facts).causes[0]).toBe(cause);
  });

  test('names all that is wrong, what keeps queries from being answered first', () => {
    const facts = { load: 'backgroundPaused', paused: true, database: 'unavailable' } as const;
    expect(stand(facts).causes).toEqual(['database-unavailable', 'paused', 'database-slow']);
  });
});
