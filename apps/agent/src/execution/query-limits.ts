/** What one query may cost: the smallest of what the broker asked, the grant says and the site allows. */
import type { QueryLane, RunQueryMeta } from '#libs/contracts/link-messages.js';
import type { Grant } from '#libs/grants/grant.js';
import type { ExecutionTimes } from '#apps/agent/src/execution/execution-clock.js';
import type { BytesFault } from '#apps/agent/src/pms/rows/result-writer.js';
import type { SiteLimits } from '#apps/agent/src/agent.config.js';

/** How long a lane lets the database work, whatever the broker asks. */
const LANE_MS: Record<QueryLane, number> = {
  immediate: 60_000,
  async: 300_000,
  registered: 60_000,
};

/** A reader that takes nothing for this long is taken to have gone. */
const STALL_MS = 60_000;

export interface QueryLimits {
  maxRows: number;
  maxBytes: number;
  /** What passing `maxBytes` is called: whether another way of asking would help. */
  bytesFault: BytesFault;
  times: ExecutionTimes;
  concurrency: number;
}

export function limitsOf(meta: RunQueryMeta, grant: Grant, site: SiteLimits): QueryLimits {
  const { rows, bytes, ms, concurrency } = grant.limits;
  const practiceBytes = Math.min(bytes ?? Infinity, site.maxResultBytes);
  const askedBytes = meta.maxResultBytes ?? Infinity;
  const workMs = Math.min(
    ...[meta.executionLimitMs, ms ?? Infinity, site.maxExecutionMs, LANE_MS[meta.lane]],
  );
  // Rows that stream may do so for as long as the practice and the site allow, and pages may be held
  // back for immediate queries as long.
  const totalMs = meta.form !== 'objects' ? Math.min(ms ?? Infinity, site.maxExecutionMs) : workMs;
  return {
    maxRows: Math.min(rows ?? Infinity, site.maxRows),
    maxBytes: Math.min(askedBytes, practiceBytes),
    bytesFault: askedBytes < practiceBytes ? 'RESULT_TOO_LARGE' : 'RESULT_BYTES_LIMIT',
    times: { workMs, totalMs, stallMs: STALL_MS },
    concurrency: concurrency ?? Infinity,
  };
}
