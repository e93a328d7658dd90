/**
 * The decision over one grant and one request: pure, so that broker, agent and console come to the
 * same one. Order of the answers: the grant's own standing first, then what it covers.
 */
import { createHash } from 'node:crypto';

import type { ErrorCode } from '#libs/errors/catalogue.js';
import type { Grant } from '#libs/grants/grant.js';
import { isWithinHours, untilHoursMs } from '#libs/grants/permitted-hours.js';
import { maxNameCharacters, normaliseProcedureName } from '#libs/grants/procedure-name.js';
import { parseScope } from '#libs/grants/scope.js';

/** Statements of an integrator's own that read are no longer than this. UTF-16 code units. */
export const maxReadCharacters = 131_072;

type Verdict = { ok: true } | { ok: false; reason: string };

/**
 * Says whether a text is one plain read, and first of all whether it stays in the granted catalogues
 * (`otherCatalogue`, `linkedServer`). The second net; database rights are the first.
 */
export type ReadOnlyCheck = (sql: string) => Verdict;

export interface GrantQuestion {
  siteId: string;
  integratorId: string;
  catalogue: string;
  command:
    | { kind: 'operation'; name: string; tier: 'read' | 'write' }
    | { kind: 'procedure'; name: string }
    | { kind: 'text'; text: string };
}

export type GrantAnswer =
  | { allowed: true; tier: 'read' | 'write'; scope: string }
  | {
      allowed: false;
      code: ErrorCode;
      reason?: string;
      /** When the same would be allowed again, milliseconds from now; absent: time changes nothing. */
      retryAfterMs?: number;
    };

const refuse = (code: ErrorCode, reason?: string, retryAfterMs?: number): GrantAnswer => ({
  allowed: false,
  code,
  ...(reason === undefined ? {} : { reason }),
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
});

/** Why the grant does not allow anything at this moment; undefined when it is in force. */
export function standingOf(grant: Grant, nowMs: number): ErrorCode | undefined {
  if (grant.revoked) return 'GRANT_REVOKED';
  if (nowMs < Date.parse(grant.notBefore)) return 'GRANT_NOT_YET_VALID';
  if (nowMs >= Date.parse(grant.expires)) return 'GRANT_EXPIRED';
  return undefined;
}

/** Scopes of one grant by normalised procedure name: read once, since a grant may name hundreds. */
const procedureScopes = new WeakMap<Grant, Map<string, string>>();

function procedureScope(grant: Grant, name: string): string | undefined {
  let known = procedureScopes.get(grant);
  if (!known) {
    known = new Map();
    for (const scope of grant.scopes) {
      const parsed = parseScope(scope);
      if (parsed?.kind === 'procedure') known.set(parsed.name, scope);
    }
    procedureScopes.set(grant, known);
  }
  const normalised = normaliseProcedureName(name);
  return normalised === undefined ? undefined : known.get(normalised);
}

const LONE_SURROGATE = /\p{Cs}/u;

/** The registered statement that the text is, byte for byte. */
function statementScope(grant: Grant, text: string): string | undefined {
  if (!grant.scopes.some((scope) => scope.startsWith('statement:'))) return undefined;
  // A lone surrogate is encoded like U+FFFD: two texts would have one hash.
  if (LONE_SURROGATE.test(text)) return undefined;
  const scope = `statement:${createHash('sha256').update(text, 'utf8').digest('hex')}`;
  return grant.scopes.includes(scope) ? scope : undefined;
}

/** More rights in a catalogue are no rights in another: these verdicts hold under every scope of raw SQL. */
const leadsOut = (verdict: Verdict): verdict is Extract<Verdict, { ok: false }> =>
  !verdict.ok && (verdict.reason === 'otherCatalogue' || verdict.reason === 'linkedServer');

/** A procedure that no scope names: `sql:write` covers it when its name stays in the catalogue. */
function unnamedProcedure(grant: Grant, name: string, check: ReadOnlyCheck): GrantAnswer {
  if (!grant.scopes.includes('sql:write')) return refuse('GRANT_SCOPE');
  if (name.length > maxNameCharacters) return refuse('GRANT_SCOPE');
  const verdict = check(`EXEC ${name}`);
  if (leadsOut(verdict)) return refuse('GRANT_CATALOGUE', verdict.reason);
  return { allowed: true, tier: 'write', scope: 'sql:write' };
}

/** The least scope that covers the command, with the tier it runs under. */
function coverage(grant: Grant, question: GrantQuestion, check: ReadOnlyCheck): GrantAnswer {
  const { command } = question;
  const has = (scope: string): boolean => grant.scopes.includes(scope);
  if (command.kind === 'operation') {
    const scope = `operation:${command.name}`;
    return has(scope) ? { allowed: true, tier: command.tier, scope } : refuse('GRANT_SCOPE');
  }
  if (command.kind === 'procedure') {
    // Nobody but the database knows what a procedure does: it runs under the login that may write.
    const scope = procedureScope(grant, command.name);
    if (scope === undefined) return unnamedProcedure(grant, command.name, check);
    return { allowed: true, tier: 'write', scope };
  }
  const { text } = command;
  const isLong = text.length > maxReadCharacters;
  const registered = statementScope(grant, text);
  // Cutting a long text up takes time that only these two scopes are worth.
  if (isLong && registered === undefined && !has('sql:write'))
    return has('sql:read') ? refuse('STATEMENT_FORBIDDEN', 'tooLong') : refuse('GRANT_SCOPE');
  const read = check(text);
  const tier = read.ok ? 'read' : 'write';
  if (registered !== undefined) return { allowed: true, tier, scope: registered };
  if (leadsOut(read) && (has('sql:read') || has('sql:write')))
    return refuse('GRANT_CATALOGUE', read.reason);
  if (read.ok && !isLong && has('sql:read')) return { allowed: true, tier, scope: 'sql:read' };
  if (has('sql:write')) return { allowed: true, tier, scope: 'sql:write' };
  if (!read.ok && has('sql:read')) return refuse('STATEMENT_FORBIDDEN', read.reason);
  return refuse('GRANT_SCOPE');
}

/**
 * Whether the grant allows the request now.
 * @param nowMs milliseconds since the epoch
 */
export function evaluateGrant(
  grant: Grant,
  question: GrantQuestion,
  nowMs: number,
  check: ReadOnlyCheck,
): GrantAnswer {
  const standing = standingOf(grant, nowMs);
  if (standing) return refuse(standing);
  if (grant.integratorId !== question.integratorId) return refuse('GRANT_INVALID', 'integrator');
  if (!grant.siteIds.includes(question.siteId)) return refuse('GRANT_INVALID', 'site');
  const { hours } = grant.limits;
  if (hours && !isWithinHours(hours, nowMs))
    return refuse('GRANT_OUTSIDE_HOURS', undefined, untilHoursMs(hours, nowMs));
  const catalogue = question.catalogue.toLowerCase();
  if (!grant.catalogues.some((covered) => covered.toLowerCase() === catalogue))
    return refuse('GRANT_CATALOGUE');
  return coverage(grant, question, check);
}
