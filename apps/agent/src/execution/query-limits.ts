/** What one query may cost: the smallest of what the broker asked, the grant says and the site allows. */
import type { RunQueryMeta } from '#libs/contracts/link-messages.js';
import type { Grant } from '#libs/grants/grant.js';
import type { SiteLimits } from '#apps/agent/src/agent.config.js';

/** An immediate query's caller waits on the line: longer than this no lane allows. */
const IMMEDIATE_MS = 60_000;

export interface QueryLimits {
  maxRows: number;
  maxBytes: number;
  maxMs: number;
  concurrency: number;
}

export function limitsOf(meta: RunQueryMeta, grant: Grant, site: SiteLimits): QueryLimits {
  const { rows, bytes, ms, concurrency } = grant.limits;
  return {
    maxRows: Math.min(rows ?? Infinity, site.maxRows),
    maxBytes: Math.min(meta.maxResultBytes ?? Infinity, bytes ?? Infinity, site.maxResultBytes),
    maxMs: Math.min(meta.executionLimitMs, ms ?? Infinity, site.maxExecutionMs, IMMEDIATE_MS),
    concurrency: concurrency ?? Infinity,
  };
}
