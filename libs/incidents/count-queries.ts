/**
 * What an incident's evidence is counted from: the broker's records of queries at one agent's sites, held against
 * that agent's own. Pure: the same records make the same lines, whoever counts them, in however many pieces the
 * window is read. A query belongs to the piece in which the broker's record of its end lies; where the broker has
 * none, the agent's. This room also writes what is drafted and makes the drill's incident and its ground truth.
 */
import type { AuditRecord } from '#libs/audit/audit-record.js';
import {
  RECONCILE_SLACK_MS,
  reconcile,
  type LoggedRecord,
  type Mismatch,
} from '#libs/audit/reconcile.js';
import type {
  IncidentScope,
  PackCounts,
  PackLine,
  PackMismatch,
  Verdict,
} from '#libs/console-api/incidents.js';
import { addTo, noCounts } from '#libs/incidents/pack-counts.js';
import { isInTurn, type SiteTurn } from '#libs/incidents/site-turns.js';

/** The records of one piece, and `RECONCILE_SLACK_MS` around it. */
export interface PieceOrder {
  /** Milliseconds since the epoch; without `toMs`. */
  fromMs: number;
  toMs: number;
  scope: IncidentScope;
  agentId?: string;
  /** Of the agent, or of the sites without one. */
  practiceId: string;
  /** Orders of async and registered queries from any time before. Not in the log yet: index -1. */
  broker: readonly LoggedRecord[];
  /** Leaves of the broker's log below this number are under the checkpoint. */
  checkpointSize: number;
  /** Absent: the agent could not be asked, or not believed. */
  agent?: { records: readonly LoggedRecord[]; knownFromMs?: number; knownToMs: number };
  /** When the agent had which site; what ended at other times is counted with another. Absent: all the time. */
  turns?: readonly SiteTurn[];
  /** Of the broker's records, which know only the permission. */
  purposesOf: (record: AuditRecord) => readonly string[];
  /** When the broker's records were read. */
  nowMs: number;
}

export interface CountedPiece {
  lines: PackLine[];
  mismatches: PackMismatch[];
}

interface Query {
  orders: LoggedRecord[];
  ends: LoggedRecord[];
  runs: LoggedRecord[];
}

const ends: readonly string[] = [
  'query.executed',
  'query.failed',
  'query.refused',
  'query.cancelled',
  'query.expired',
];
const orders: readonly string[] = ['query.submitted', 'registered.created'];

export function countQueries(order: PieceOrder): CountedPiece {
  const { agent, broker, fromMs, toMs, nowMs } = order;
  const found = agent
    ? reconcile({
        ...{ fromMs: Math.max(fromMs, comparedFromMs(order)), toMs },
        ...{ broker, agent: agent.records },
        ...{ brokerKnownToMs: nowMs, agentKnownToMs: agent.knownToMs },
      }).mismatches
    : [];
  const contradicted = new Map<string, Mismatch[]>();
  for (const one of found) {
    contradicted.set(one.queryId, [...(contradicted.get(one.queryId) ?? []), one]);
  }
  const lines = new Map<string, PackLine>();
  const mismatches: PackMismatch[] = [];
  for (const query of queriesOf(order)) {
    const main = mainOf(query);
    const atMs = Date.parse(main?.record.ts ?? '');
    if (!main || !(atMs >= fromMs && atMs < toMs) || !fits(query, order)) continue;
    if (!query.ends.slice(0, 1).every(({ record }) => turnOf(record, order))) continue;
    const own = contradicted.get(main.record.queryId ?? '') ?? [];
    const counts = countsOf(query, verdictOf(query, own, order), order);
    const line = lineOf(query, order, counts);
    const key = keyOfLine(line);
    const known = lines.get(key);
    if (known) addTo(known.counts, counts);
    else lines.set(key, line);
  }
  for (const one of found) {
    const record = (one.broker ?? one.agent)?.record;
    if (record && isInScope(record, order) && !isOfAnother(one, order))
      mismatches.push(mismatchOf(one, record, order));
  }
  return { lines: [...lines.values()], mismatches };
}

/** Lines of one key are the same line. */
export const keyOfLine = ({ counts: _, ...line }: PackLine): string =>
  JSON.stringify([
    ...[line.practiceId, line.siteId, line.agentId, line.integratorId, line.keyId],
    ...[line.purposes, line.fingerprint, line.statementRef],
  ]);

/** Runs of a registered query by their own id, everything else by the query's; a refusal at the door by itself. */
function unitOf({ record, index }: LoggedRecord, at: number): string {
  const { queryId, lane, requestId, type } = record;
  if (queryId === undefined) return `door ${index} ${at}`;
  return lane === 'registered' && ends.includes(type) ? `run ${requestId}` : queryId;
}

function queriesOf({ broker, agent }: PieceOrder): Query[] {
  const found = new Map<string, Query>();
  const queryOf = (unit: string): Query => {
    const query = found.get(unit) ?? { orders: [], ends: [], runs: [] };
    found.set(unit, query);
    return query;
  };
  const standing = new Map<string, LoggedRecord>();
  broker.forEach((one, at) => {
    const { type, queryId, lane } = one.record;
    if (type === 'registered.created' || (orders.includes(type) && lane === 'registered'))
      standing.set(queryId ?? '', one);
    else if (orders.includes(type)) queryOf(unitOf(one, at)).orders.push(one);
    else if (ends.includes(type)) queryOf(unitOf(one, at)).ends.push(one);
  });
  for (const one of agent?.records ?? []) {
    const { type, queryId } = one.record;
    if (queryId === undefined || !ends.includes(type)) continue;
    const query = queryOf(unitOf(one, 0));
    query.runs.push(one);
    const registration = standing.get(queryId);
    if (one.record.lane === 'registered' && registration) query.orders.push(registration);
  }
  return [...found.values()];
}

/** What was ordered, and neither ended nor ran yet, is none. */
const mainOf = (query: Query): LoggedRecord | undefined => query.ends[0] ?? query.runs[0];

const field = <Name extends keyof AuditRecord>(
  query: Query,
  name: Name,
): AuditRecord[Name] | undefined =>
  [...query.ends, ...query.runs, ...query.orders].find(({ record }) => record[name] !== undefined)
    ?.record[name];

const fits = (query: Query, order: PieceOrder): boolean =>
  isInScope(
    {
      practice: field(query, 'practice'),
      site: field(query, 'site'),
      integrator: field(query, 'integrator'),
      keyId: field(query, 'keyId'),
    },
    order,
  );

type Whose = { [Name in 'practice' | 'site' | 'integrator' | 'keyId']?: string | undefined };

function isInScope(whose: Whose, { scope, agentId, practiceId }: PieceOrder): boolean {
  const isOf = (ids: readonly string[], id = ''): boolean => ids.length === 0 || ids.includes(id);
  return (
    isOf(scope.practices, whose.practice ?? practiceId) &&
    isOf(scope.sites, whose.site) &&
    isOf(scope.agents, agentId) &&
    isOf(scope.integrators, whose.integrator) &&
    isOf(scope.keys, whose.keyId)
  );
}

/** The database was asked, and its answer reached the broker. */
const saysItRan = ({ outcome, errorCode }: AuditRecord): boolean =>
  outcome === 'successful' || errorCode === 'STATEMENT_FAILED';

/** What it cannot know of, since it was not there yet, contradicts nobody. */
const comparedFromMs = ({ agent }: PieceOrder): number =>
  (agent?.knownFromMs ?? -Infinity) + RECONCILE_SLACK_MS;

const ALL_THE_TIME: Omit<SiteTurn, 'siteId'> = { isSure: true };

/** The agent's own in which this ended; undefined: it was another's. */
const turnOf = ({ site, ts }: AuditRecord, { turns }: PieceOrder) =>
  turns
    ? turns.find((turn) => turn.siteId === site && isInTurn(turn, Date.parse(ts)))
    : ALL_THE_TIME;

/** It can have been no other server that was asked; around a change of servers it can. */
function isSurelyOwn(record: AuditRecord, order: PieceOrder): boolean {
  const { isSure = false, toMs = Infinity } = turnOf(record, order) ?? {};
  return isSure && Date.parse(record.ts) <= toMs - RECONCILE_SLACK_MS;
}

/** Where another server may have run it, that this one did not contradicts nobody. */
const isOfAnother = ({ kind, broker }: Mismatch, order: PieceOrder): boolean =>
  kind === 'dispatched-not-executed' && !!broker && !isSurelyOwn(broker.record, order);

function verdictOf(query: Query, contradicted: readonly Mismatch[], order: PieceOrder): Verdict {
  const isRegistered = field(query, 'lane') === 'registered';
  if (query.runs.length > 0) {
    // A standing order is contradicted or not as a whole; a run of it may be fine.
    const own = contradicted.filter(
      ({ agent, broker }) =>
        !isRegistered ||
        [...query.runs, ...query.ends].some((one) => one === agent || one === broker),
    );
    const isKnown = query.ends.length + query.orders.length > 0;
    if (own.length > 0) return isKnown ? 'differs' : 'agentOnly';
    if (query.ends.length > 0) return 'both';
    if (query.orders.length > 0) return isRegistered ? 'standing' : 'both';
    return 'notCompared';
  }
  const knownToMs = (order.agent?.knownToMs ?? -Infinity) - RECONCILE_SLACK_MS;
  const isCompared = query.ends.every(({ record }) => {
    const atMs = Date.parse(record.ts);
    const isTold = atMs >= comparedFromMs(order) && atMs <= knownToMs;
    return isTold && isSurelyOwn(record, order);
  });
  // It ran when the agent could not tell of it, which may be long before the window.
  if (!isCompared || isRegistered) return 'notCompared';
  return query.ends.some(({ record }) => saysItRan(record)) ? 'brokerOnly' : 'nothingRan';
}

function countsOf(query: Query, verdict: Verdict, order: PieceOrder): PackCounts {
  const counts = noCounts();
  const answer = query.ends.find(({ record }) => record.outcome === 'successful');
  const answered = query.runs.find(({ record }) => record.outcome === 'successful');
  const ran =
    query.runs.some(({ record }) => record.type !== 'query.refused') ||
    query.ends.some(({ record }) => saysItRan(record));
  // A run that the broker has an order for alone: nobody was given anything, or not yet.
  const isOrdered = query.orders.length > 0;
  const given = query.ends.length > 0 ? answer : isOrdered ? undefined : answered;
  counts.queries = 1;
  counts.dispatched = Number(ran || query.runs.length > 0);
  counts.executed = Number(ran);
  counts.answered = Number(given !== undefined);
  counts.refused = Number(mainOf(query)?.record.outcome === 'refused');
  counts.writes = Number(ran && field(query, 'mode') === 'nonQuery');
  counts.verdicts[verdict] = 1;
  if (given) {
    const rows = given.record.rowsBucket ?? answered?.record.rowsBucket;
    const bytes = given.record.bytesBucket ?? answered?.record.bytesBucket;
    if (rows !== undefined) counts.rows[rows] = 1;
    if (bytes !== undefined) counts.bytes[bytes] = 1;
  }
  // A registration stands for all of its runs and is counted with none.
  const own = query.orders.filter(({ record }) => record.lane !== 'registered');
  const brokers = [...own, ...query.ends];
  counts.brokerRecords = brokers.length;
  counts.brokerProven = brokers.filter(
    ({ index }) => index >= 0 && index < order.checkpointSize,
  ).length;
  counts.agentRecords = query.runs.length;
  const at = mainOf(query)?.record.ts;
  return at === undefined ? counts : { ...counts, from: at, to: at };
}

function lineOf(query: Query, order: PieceOrder, counts: PackCounts): PackLine {
  const { agentId, practiceId, purposesOf } = order;
  const said = field(query, 'purpose');
  const main = mainOf(query)?.record as AuditRecord;
  const purposes = said === undefined ? purposesOf(main) : said.split(' ');
  const keyId = field(query, 'keyId');
  const fingerprint = field(query, 'fingerprint');
  const statementRef = field(query, 'statementRef');
  return {
    practiceId: field(query, 'practice') ?? practiceId,
    siteId: field(query, 'site') ?? 'unknown',
    ...(agentId !== undefined && { agentId }),
    integratorId: field(query, 'integrator') ?? 'unknown',
    ...(keyId !== undefined && { keyId }),
    purposes: [...purposes].sort(),
    ...(fingerprint !== undefined && { fingerprint }),
    ...(statementRef !== undefined && { statementRef }),
    counts,
  };
}

function mismatchOf(
  { kind, queryId, fields = [], broker, agent }: Mismatch,
  { site, integrator, practice }: AuditRecord,
  { agentId = '', practiceId }: PieceOrder,
): PackMismatch {
  return {
    ...{ kind, queryId, agentId, practiceId: practice ?? practiceId },
    ...(site !== undefined && { siteId: site }),
    ...(integrator !== undefined && { integratorId: integrator }),
    fields,
    ...(broker && broker.index >= 0 && { brokerLeaf: broker.index }),
    ...(agent && { agentLeaf: agent.index }),
  };
}
