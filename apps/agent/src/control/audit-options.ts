/** What of the log is asked for, as it is typed. */
import { usageProblem } from '#apps/agent/src/control/command-line.js';
import type { JournalSpan } from '#apps/agent/src/journal/export-journal.js';

export interface AuditFilter extends JournalSpan {
  integrator: string | undefined;
  site: string | undefined;
  type: string | undefined;
  outcome: string | undefined;
  limit: number;
}

const DAY_MS = 86_400_000;
const USUAL_LIMIT = 200;

/** @throws a usage problem that names the option */
export function readAuditOptions(
  options: Record<string, string | undefined>,
  nowMs = Date.now(),
): AuditFilter {
  const { integrator, site, type, outcome, limit = String(USUAL_LIMIT) } = options;
  if (!/^[1-9]\d{0,6}$/.test(limit)) throw usageProblem('--limit must be a whole number above 0');
  return {
    sinceMs: timeOf('since', options['since'], nowMs) ?? -Infinity,
    untilMs: timeOf('until', options['until'], nowMs) ?? Infinity,
    ...{ integrator, site, type, outcome, limit: Number(limit) },
  };
}

function timeOf(option: string, text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  const days = /^(\d{1,4})d$/.exec(text)?.[1];
  if (days !== undefined) return nowMs - Number(days) * DAY_MS;
  const atMs = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(atMs)) throw usageProblem(`--${option} must be like 7d or 2026-12-31`);
  return atMs;
}
