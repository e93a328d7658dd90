/**
 * The local ceiling: what no permission can go beyond on this server, whoever signed it. It lives in
 * a file that only this machine's administrator can change; no message reaches it.
 */
import { firstWrongField, integer, type Shape } from '#libs/grants/field-checks.js';
import type { Grant, GrantLimits } from '#libs/grants/grant.js';

export interface Ceiling {
  /** Raw SQL that reads: `sql:read`. */
  rawSqlReads: boolean;
  /** Raw SQL that changes data: `sql:write`, and a `statement:` that is not one plain SELECT. */
  rawSqlWrites: boolean;
  /** Stored procedures by name: `procedure:`. */
  procedures: boolean;
  /** Days from the start of a grant to its end. */
  maxDays: number;
  maxRows: number;
  maxBytes: number;
  maxMs: number;
  maxConcurrency: number;
  maxPerMinute: number;
}

export const defaultCeiling: Readonly<Ceiling> = Object.freeze({
  rawSqlReads: true,
  rawSqlWrites: false,
  procedures: true,
  maxDays: 400,
  maxRows: 5_000_000,
  maxBytes: 2_147_483_648,
  maxMs: 300_000,
  maxConcurrency: 16,
  maxPerMinute: 6_000,
});

/** Nothing passes: what holds while the file cannot be read. */
export const closedCeiling: Readonly<Ceiling> = Object.freeze({
  ...defaultCeiling,
  rawSqlReads: false,
  procedures: false,
  maxDays: 0,
});

const flag = (value: unknown): boolean => typeof value === 'boolean';
const ceilingShape: Shape = {
  required: {},
  optional: {
    rawSqlReads: flag,
    rawSqlWrites: flag,
    procedures: flag,
    maxDays: integer(0, 400),
    maxRows: integer(1, 1_000_000_000),
    maxBytes: integer(1, 1_099_511_627_776),
    maxMs: integer(1, 86_400_000),
    maxConcurrency: integer(1, 1_000),
    maxPerMinute: integer(1, 1_000_000),
  },
};

/** Reads the file's text: what it leaves out keeps its default. Undefined when it is not right. */
export function parseCeiling(text: string): Ceiling | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (firstWrongField(value, ceilingShape) !== undefined) return undefined;
  return { ...defaultCeiling, ...(value as Partial<Ceiling>) };
}

/** Whether a value is a ceiling that leaves nothing out. */
export const isWholeCeiling = (value: unknown): boolean =>
  firstWrongField(value, { required: ceilingShape.optional ?? {} }) === undefined;

const DAY_MS = 86_400_000;

function allowsScope(ceiling: Ceiling, scope: string): boolean {
  if (scope === 'sql:write') return ceiling.rawSqlWrites;
  if (scope === 'sql:read') return ceiling.rawSqlReads;
  return scope.startsWith('procedure:') ? ceiling.procedures : true;
}

/** Whether a scope may run something that may change data: an agreed statement is raw SQL too. */
export function allowsChange(ceiling: Ceiling, scope: string): boolean {
  return ceiling.rawSqlWrites || !scope.startsWith('statement:');
}

const caps = [
  ['rows', 'maxRows'],
  ['bytes', 'maxBytes'],
  ['ms', 'maxMs'],
  ['concurrency', 'maxConcurrency'],
  ['perMinute', 'maxPerMinute'],
] as const satisfies readonly (readonly [keyof GrantLimits, keyof Ceiling])[];

/** What in the grant goes beyond the ceiling; undefined when nothing does. */
export function excessOf(grant: Grant, ceiling: Ceiling): string | undefined {
  const scope = grant.scopes.find((candidate) => !allowsScope(ceiling, candidate));
  if (scope !== undefined) return scope.startsWith('sql:') ? scope : 'procedure';
  const days = (Date.parse(grant.expires) - Date.parse(grant.notBefore)) / DAY_MS;
  if (days > ceiling.maxDays) return 'expires';
  return caps.find(([limit, cap]) => (grant.limits[limit] ?? 0) > ceiling[cap])?.[0];
}

/** The grant as far as the ceiling lets it count: for grants admitted before the ceiling came down. */
export function lowerTo(grant: Grant, ceiling: Ceiling): Grant {
  const limits: GrantLimits = { ...grant.limits };
  for (const [limit, cap] of caps)
    limits[limit] = Math.min(limits[limit] ?? Infinity, ceiling[cap]);
  const latest = Date.parse(grant.notBefore) + ceiling.maxDays * DAY_MS;
  return {
    ...grant,
    scopes: grant.scopes.filter((scope) => allowsScope(ceiling, scope)),
    limits,
    expires: new Date(Math.min(Date.parse(grant.expires), latest)).toISOString(),
  };
}
