import { expect, test } from '@jest/globals';
import type { AgentPeer } from '#apps/broker/src/gateway/agent-peer.js';
import { signalsRow } from '#apps/broker/src/gateway/signals-row.js';
import type { AgentReport, SiteReport } from '#libs/contracts/link-messages.js';

const NOW = Date.parse('2026-05-04T02:00:00Z');
const peer = { agentId: 'agent-1', certificateEndsMs: NOW + 3_600_000 } as AgentPeer;

const site = (more: Partial<SiteReport> = {}): SiteReport => ({
  siteId: 'site-1',
  database: 'ok',
  probeAgeMs: 4_000,
  latencyMs: 7,
  catalogues: [],
  ...more,
});
const row = (more: Partial<AgentReport> = {}) =>
  signalsRow(
    peer,
    {
      agentVersion: '1.2.3',
      instanceId: 'i',
      clockMs: NOW,
      paused: false,
      sites: [site()],
      ...more,
    },
    NOW,
  );

test('an agent is as its worst site is', () => {
  const sites = [
    site(),
    site({ siteId: 'site-2', database: 'loginRefused', latencyMs: 90, probeAgeMs: 20_000 }),
    site({ siteId: 'site-3', database: 'unavailable', load: 'asyncPaused', waiting: 3 }),
  ];
  expect(row({ sites })).toMatchObject({
    database: 'loginRefused',
    database_ms: 90,
    probed_at: '2026-05-04T01:59:40.000Z',
    load: 'asyncPaused',
    waiting: 3,
  });
});

test('one site that was never asked keeps the others from speaking for it', () => {
  const { probeAgeMs: _, ...never } = site({ siteId: 'site-2', database: 'unknown' });
  expect(row({ sites: [site(), never] })).toMatchObject({ database: 'unknown', probed_at: null });
  expect(row({ sites: [] })).toMatchObject({ database: null, probed_at: null, database_ms: null });
});

test('moments are by this clock, whatever the agent’s says', () => {
  const wrong = row({ clockMs: NOW - 90_000, linkMs: 40 });
  expect(wrong).toMatchObject({
    clock_offset_ms: -89_980,
    link_ms: 40,
    probed_at: '2026-05-04T01:59:56.000Z',
  });
});

test('only codes of the catalogue are kept as an error', () => {
  expect(row({ lastError: 'PATIENT_NAMED_SO', lastErrorAgeMs: 5 })).toMatchObject({
    last_error: null,
    last_error_at: null,
  });
  expect(row({ lastError: 'DATABASE_UNAVAILABLE', lastErrorAgeMs: 5_000 })).toMatchObject({
    last_error: 'DATABASE_UNAVAILABLE',
    last_error_at: '2026-05-04T01:59:55.000Z',
  });
});
