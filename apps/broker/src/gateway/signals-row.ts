/**
 * One agent's report as a row: its sites' worst. Ages become moments by this node's clock, so that
 * an agent whose clock is wrong does not look healthy, or dead, for it.
 */
import type { AgentPeer } from '#apps/broker/src/gateway/agent-peer.js';
import {
  siteLoads,
  type AgentReport,
  type SiteLoad,
  type SiteReport,
} from '#libs/contracts/link-messages.js';
import type { SiteSignals } from '#libs/db/fleet-tables.js';
import { isErrorCode } from '#libs/errors/catalogue.js';

export interface SignalsRow {
  agent_id: string;
  link_ms: number | null;
  clock_offset_ms: number;
  version: string;
  certificate_ends_at: string;
  paused: boolean;
  database: SiteReport['database'] | null;
  database_ms: number | null;
  probed_at: string | null;
  load: SiteLoad;
  waiting: number;
  last_error: string | null;
  last_error_at: string | null;
  sites: SiteSignals[];
}

/** From good to bad: what was not asked yet is worse than what answered. */
const worstLast: readonly SiteReport['database'][] = [
  'ok',
  'unknown',
  'unavailable',
  'loginRefused',
];

export function signalsRow(peer: AgentPeer, report: AgentReport, nowMs: number): SignalsRow {
  const { sites, linkMs, lastError, lastErrorAgeMs } = report;
  const ago = (ageMs: number): string => new Date(nowMs - ageMs).toISOString();
  const ages = sites.map(({ probeAgeMs }) => probeAgeMs);
  const oldest = ages.length > 0 && ages.every((age) => age !== undefined) && Math.max(...ages);
  const latencies = sites.flatMap(({ latencyMs }) => latencyMs ?? []);
  const isKnownError = lastError !== undefined && isErrorCode(lastError);
  return {
    agent_id: peer.agentId,
    link_ms: linkMs ?? null,
    // The report was under way for half of the round trip.
    clock_offset_ms: Math.round(report.clockMs + (linkMs ?? 0) / 2 - nowMs),
    version: report.agentVersion,
    certificate_ends_at: new Date(peer.certificateEndsMs).toISOString(),
    paused: report.paused,
    database:
      worst(
        sites.map(({ database }) => database),
        worstLast,
      ) ?? null,
    database_ms: latencies.length > 0 ? Math.max(...latencies) : null,
    probed_at: oldest === false ? null : ago(oldest),
    load:
      worst(
        sites.map(({ load }) => load ?? 'normal'),
        siteLoads,
      ) ?? 'normal',
    waiting: sites.reduce((sum, { waiting }) => sum + (waiting ?? 0), 0),
    last_error: isKnownError ? lastError : null,
    last_error_at: isKnownError ? ago(lastErrorAgeMs ?? 0) : null,
    sites: sites.map((site) => siteSignals(site, ago)),
  };
}

function siteSignals(site: SiteReport, ago: (ageMs: number) => string): SiteSignals {
  const { siteId, database, probeAgeMs, latencyMs, usualLatencyMs, load, running, waiting } = site;
  return {
    siteId,
    database,
    ...(probeAgeMs !== undefined && { probedAt: ago(probeAgeMs) }),
    ...(latencyMs !== undefined && { latencyMs }),
    ...(usualLatencyMs !== undefined && { usualLatencyMs }),
    load: load ?? 'normal',
    running: running ?? 0,
    waiting: waiting ?? 0,
  };
}

function worst<T>(found: readonly T[], order: readonly T[]): T | undefined {
  return [...found].sort((a, b) => order.indexOf(b) - order.indexOf(a))[0];
}
