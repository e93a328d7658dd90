/**
 * A grant ready to be shown and signed, from what an integrator asks and what the practice chooses.
 * What the practice does not say is filled in modestly, and nothing goes beyond the ceiling.
 */
import { randomUUID } from 'node:crypto';

import { ConduitError } from '#libs/errors/conduit-error.js';
import { canonicalJson } from '#libs/grants/canonical-json.js';
import type { OpenAccessRequest } from '#libs/grants/grant-messages.js';
import {
  purposes,
  type Grant,
  type GrantLimits,
  type PermittedHours,
  type Purpose,
  type WriteTerms,
} from '#libs/grants/grant.js';
import { parseGrant } from '#libs/grants/parse-grant.js';
import { parseScope } from '#libs/grants/scope.js';
import { excessOf, lowerTo, type Ceiling } from '#libs/grants/ceiling.js';

/** What the practice chooses; everything may be left out. */
export interface GrantChoices {
  scopes?: string[];
  catalogues?: string[];
  purposes?: string[];
  /** `90d`, or an ISO 8601 date or time. */
  expires?: string;
  rows?: number;
  /** Of row text, an answer. */
  bytes?: number;
  perMinute?: number;
  concurrency?: number;
  /** Minutes. */
  keepResults?: number;
  /** Absent: as they are; where nothing is in force, at any hour. */
  hours?: PermittedHours | 'any';
  /** `none`: writes also where the database server keeps no write journal. */
  writeJournal?: 'none';
  /** `required`: each write needs a key of the integrator's own. */
  callerKey?: 'required';
}

export interface DraftGround {
  practiceId: string;
  agentKeyThumbprint: string;
  ceiling: Ceiling;
  epoch: number;
  nowMs: number;
  /** The permission this integrator holds at the site already: it is replaced, not doubled. */
  held?: Pick<Grant, 'grantId' | 'seq'>;
  /** The document of it that is in force. More is asked for on top: its own terms stay. */
  running?: Grant;
}

const DAY_MS = 86_400_000;
/** Each kind of query has a limit of its own below these 5 minutes. */
const usual = { days: 365, rows: 100_000, ms: 300_000, concurrency: 4, perMinute: 600 } as const;

const invalid = (field: string, problem: string): ConduitError =>
  new ConduitError('REQUEST_INVALID', { facts: { field, problem } });

/** What is asked is the broker's word: raw SQL that may change data is granted only when it is typed here. */
function isUsual(scope: string): boolean {
  const kind = parseScope(scope)?.kind;
  return kind !== undefined && kind !== 'statement' && kind !== 'sql:write';
}

function expiryMs(
  choice: string | undefined,
  ground: Pick<DraftGround, 'ceiling' | 'nowMs'>,
): number {
  if (choice === undefined)
    return ground.nowMs + Math.min(usual.days, ground.ceiling.maxDays) * DAY_MS;
  const days = /^(\d{1,3})d$/.exec(choice)?.[1];
  if (days !== undefined) return ground.nowMs + Number(days) * DAY_MS;
  if (!/^\d{4}-\d\d-\d\d/.test(choice)) throw invalid('expires', 'must be like 90d or 2026-12-31');
  return Date.parse(choice);
}

/**
 * @throws ConduitError REQUEST_INVALID naming the choice that can't be granted; GRANT_CEILING when a
 * choice goes beyond the ceiling
 */
export function draftGrant(
  request: OpenAccessRequest,
  choices: GrantChoices,
  ground: DraftGround,
): Grant {
  const { nowMs, ceiling, held } = ground;
  const running = inForce(ground);
  const endsMs =
    running && choices.expires === undefined
      ? Date.parse(running.expires)
      : expiryMs(choices.expires, ground);
  if (!(endsMs > nowMs)) throw invalid('expires', 'must be in the future');
  const asked: Grant = {
    type: 'conduit-grant-v1',
    grantId: held?.grantId ?? randomUUID(),
    seq: (held?.seq ?? 0) + 1,
    epoch: ground.epoch,
    practiceId: ground.practiceId,
    siteIds: [request.siteId],
    agentKeyThumbprints: [ground.agentKeyThumbprint],
    integratorId: request.integratorId,
    integratorKeyThumbprints: [],
    scopes: request.asked.scopes.filter(
      (scope) => isUsual(scope) || running?.scopes.includes(scope),
    ),
    catalogues: request.asked.catalogues,
    purposes: purposes.filter((purpose) => request.asked.purposes.includes(purpose)),
    limits: running?.limits ?? {
      rows: usual.rows,
      ms: usual.ms,
      concurrency: usual.concurrency,
      perMinute: usual.perMinute,
    },
    ...(running?.writes && { writes: running.writes }),
    encryptionMode: running?.encryptionMode ?? 'edge',
    notBefore: new Date(nowMs).toISOString(),
    expires: new Date(endsMs).toISOString(),
    countries: request.countries,
  };
  // Defaults bow to the ceiling; what was chosen in words is refused when it goes beyond.
  const bounded = lowerTo(asked, ceiling);
  const grant: Grant = {
    ...bounded,
    expires: asked.expires,
    ...chosenTerms(bounded.limits, choices),
  };
  return checked(grant, ceiling);
}

/** What the integrator may do at this moment, if anything. */
const inForce = ({ running, nowMs }: DraftGround): Grant | undefined =>
  running && !running.revoked && Date.parse(running.expires) > nowMs ? running : undefined;

/**
 * The next document of a grant: as it is, but for what is chosen. Its term begins anew.
 * @throws ConduitError as `draftGrant`
 */
export function changeGrant(
  held: Grant,
  choices: GrantChoices,
  ground: Pick<DraftGround, 'ceiling' | 'epoch' | 'nowMs'>,
): Grant {
  const { nowMs, ceiling, epoch } = ground;
  const endsMs =
    choices.expires === undefined ? Date.parse(held.expires) : expiryMs(choices.expires, ground);
  if (!(endsMs > nowMs)) throw invalid('expires', 'must be in the future');
  const grant: Grant = {
    ...held,
    seq: held.seq + 1,
    epoch,
    notBefore: new Date(nowMs).toISOString(),
    expires: new Date(endsMs).toISOString(),
    ...chosenTerms(held.limits, choices),
  };
  return checked(grant, ceiling);
}

/** The document that ends a grant: the same people and places, the next number, and the word. */
export function revocationOf(grant: Grant): Grant {
  return { ...grant, seq: grant.seq + 1, revoked: true };
}

/** What was chosen in words, over the limits that are there. */
function chosenTerms(limits: GrantLimits, choices: GrantChoices): Partial<Grant> {
  const { hours, ...others } = limits;
  return {
    limits: {
      ...others,
      ...definedOnly({
        rows: choices.rows,
        bytes: choices.bytes,
        perMinute: choices.perMinute,
        concurrency: choices.concurrency,
        resultMinutes: choices.keepResults,
        hours: choices.hours === 'any' ? undefined : (choices.hours ?? hours),
      }),
    },
    ...definedOnly({
      scopes: choices.scopes,
      catalogues: choices.catalogues,
      purposes: choices.purposes as Purpose[] | undefined,
      writes: writesOf(choices),
    }),
  };
}

/** Absent unless something is chosen: then a grant reads as it always did. */
function writesOf({ writeJournal: journal, callerKey }: GrantChoices): WriteTerms | undefined {
  if (journal === undefined && callerKey === undefined) return undefined;
  return { ...(journal && { journal }), ...(callerKey && { callerKey }) };
}

function checked(grant: Grant, ceiling: Ceiling): Grant {
  if (grant.scopes.length === 0)
    throw invalid('scopes', 'must be named: none of those asked for is given by default');
  const reading = parseGrant(canonicalJson(grant));
  if (!reading.ok) throw invalid(reading.field ?? 'grant', 'cannot be granted');
  const excess = excessOf(grant, ceiling);
  if (excess !== undefined) throw new ConduitError('GRANT_CEILING', { facts: { reason: excess } });
  return grant;
}

function definedOnly<T extends object>(choices: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(choices).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
