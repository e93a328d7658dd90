/**
 * Holds the broker's records of queries against the agent's own: what the broker says it passed on
 * must have its execution or refusal at the practice, and whatever ran there must have been passed on.
 * Pure, and the same at the broker, at the practice and offline over an export.
 *
 * A query that neither side says gave anything out is no mismatch: a link may break on the way there.
 */
import type { AuditRecord } from '#libs/audit/audit-record.js';
import { isQuestion, matchRecords, type MatchedQuery } from '#libs/audit/match-records.js';

/** A record with its place in the log that it is a leaf of. */
export interface LoggedRecord {
  index: number;
  /** Canonical text: the leaf itself. */
  text: string;
  record: AuditRecord;
}

export const mismatchKinds = [
  /** The broker says that it was answered; the practice knows nothing of it. */
  'dispatched-not-executed',
  /** It ran, or was refused, at the practice; the broker has no record that it passed it on. */
  'executed-not-dispatched',
  /** Both have it, and contradict each other. */
  'differs',
] as const;
export type MismatchKind = (typeof mismatchKinds)[number];

export interface Mismatch {
  kind: MismatchKind;
  queryId: string;
  broker?: LoggedRecord;
  agent?: LoggedRecord;
  /** Fields of a record, by name, that contradict each other. */
  fields?: string[];
}

export interface ReconcileOrder {
  /** Milliseconds since the epoch; without `toMs`. Records of this time are judged. */
  fromMs: number;
  toMs: number;
  /** Of the window and `slackMs` around it; orders of async and registered queries from any time before. */
  broker: readonly LoggedRecord[];
  agent: readonly LoggedRecord[];
  /** Up to when each side's records are all here; absent: nothing is known of that side. */
  brokerKnownToMs?: number;
  agentKnownToMs?: number;
  /** From when on the broker's registered queries are all here; absent: those of any time. */
  standingKnownFromMs?: number;
  slackMs?: number;
}

export interface Reconciled {
  /** Queries of the window that both sides have and agree on. */
  matched: number;
  /** The broker gave nothing out and the practice ran nothing. */
  undelivered: number;
  /** Cannot be told yet: the other side's records do not reach so far. */
  pending: number;
  /** Records of registered queries that may be older than what is here of the broker's: never to be told from this. */
  untold: number;
  mismatches: Mismatch[];
}

/** For clocks that differ, and for records that wait before they are written. */
export const RECONCILE_SLACK_MS = 15 * 60_000;

/** What a registered query may live unless it is renewed (libs/contracts/registered.ts), which the broker records. */
const STANDING_MS = 86_400_000;

/** How long one may wait for the practice's line after it was created: so long it is kept, while it is renewed. */
const UNDELIVERED_MS = 3 * STANDING_MS;

/** How often a query of a lane may run under one id. */
const mostRuns = { immediate: 1, async: 3, registered: Infinity } as const;

/** What both sides have from the same message. Those of a standing order are renewed meanwhile. */
const sameFields = [
  ...(['integrator', 'site', 'practice', 'grantId', 'keyId', 'lane', 'mode'] as const),
  'fingerprint',
] as const;
const sameOfStanding = ['integrator', 'site', 'lane'] as const;

/** Codes with which an answer is refused after the query has run. */
const refusedAfterRun: readonly string[] = ['RESULT_TOO_LARGE'];

type Query = MatchedQuery<LoggedRecord>;

/** @returns undefined for text that is no record */
export function readRecord(text: string): AuditRecord | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const { ts, type } = value as Partial<AuditRecord>;
    const isRecord = typeof type === 'string' && typeof ts === 'string';
    return isRecord && Number.isFinite(Date.parse(ts)) ? (value as AuditRecord) : undefined;
  } catch {
    return undefined;
  }
}

/** Matches the records of both sides by the query's id. */
export function reconcile(order: ReconcileOrder): Reconciled {
  const result: Reconciled = { matched: 0, undelivered: 0, pending: 0, untold: 0, mismatches: [] };
  for (const query of matchRecords(order.broker, order.agent)) judge(query, order, result);
  return result;
}

function judge(query: Query, order: ReconcileOrder, result: Reconciled): void {
  const { slackMs = RECONCILE_SLACK_MS } = order;
  const isJudged = (one: LoggedRecord): boolean => {
    const atMs = Date.parse(one.record.ts);
    return atMs >= order.fromMs && atMs < order.toMs;
  };
  const isKnown = (one: LoggedRecord, knownToMs = -Infinity): boolean =>
    Date.parse(one.record.ts) <= knownToMs - slackMs;

  const ended = query.ends.filter(isJudged);
  const came = [...query.accepted, ...query.runs].filter(isJudged);
  if (ended.length === 0 && came.length === 0) return;
  const before = result.mismatches.length;

  if (query.orders.length === 0 && query.ends.length === 0) {
    for (const agent of came) {
      if (!isKnown(agent, order.brokerKnownToMs)) result.pending += 1;
      else if (isMaybeOlder(query, agent, order)) result.untold += 1;
      else
        result.mismatches.push({ kind: 'executed-not-dispatched', queryId: query.queryId, agent });
    }
    return;
  }
  if (query.runs.length === 0 && query.accepted.length === 0) {
    for (const broker of ended) {
      if (!isKnown(broker, order.agentKnownToMs)) result.pending += 1;
      else if (!saysItRan(broker.record)) result.undelivered += 1;
      else
        result.mismatches.push({ kind: 'dispatched-not-executed', queryId: query.queryId, broker });
    }
    return;
  }
  const differing = differenceOf(query);
  if (differing) result.mismatches.push(differing);
  for (const agent of surplusOf(query).filter(isJudged))
    result.mismatches.push({ kind: 'executed-not-dispatched', queryId: query.queryId, agent });
  if (result.mismatches.length === before) result.matched += 1;
}

/** It stood before the broker's records that are here begin: nothing of it need be among them. */
function isMaybeOlder(
  { accepted }: Query,
  { record }: LoggedRecord,
  { standingKnownFromMs = -Infinity, slackMs = RECONCILE_SLACK_MS }: ReconcileOrder,
): boolean {
  if (record.lane !== 'registered' || standingKnownFromMs === -Infinity) return false;
  const [first] = accepted.map(timeOf).sort((a, b) => a - b);
  // Whether it was created or renewed: it may have waited for the practice's line as long as it lives.
  return !(first !== undefined && first >= standingKnownFromMs + STANDING_MS + slackMs);
}

/** The agent was asked, and its answer reached the broker. */
const saysItRan = (record: AuditRecord): boolean =>
  isQuestion(record)
    ? isTold(record)
    : record.outcome === 'successful' || record.errorCode === 'STATEMENT_FAILED';

/** The broker says `unknown` also where it could not ask. */
const isTold = ({ outcome, reason }: AuditRecord): boolean =>
  outcome === 'successful' && reason !== 'unknown';

const isRun = ({ record }: LoggedRecord): boolean => record.type !== 'query.refused';

/**
 * A write's key has it applied once, however often it is tried: what comes again is answered from what is kept, and
 * says so. A read that was cut may have been answered in full each time.
 */
const isApplied = ({ record }: LoggedRecord): boolean => record.reason === 'applied';

/** Runs beyond those that one dispatch can have, and the taking in of an order that is long over. */
function surplusOf({ orders: ordered, ends: ended, runs, accepted }: Query): LoggedRecord[] {
  const lane = [...ordered, ...ended][0]?.record.lane ?? 'immediate';
  const most = mostRuns[lane] * Math.max(1, lane === 'immediate' ? ended.length : 1);
  const again = lane === 'registered' ? [] : runs.filter(isApplied).slice(1);
  const created = ordered.filter(({ record }) => record.type === 'registered.created').map(timeOf);
  const late = accepted.filter(
    (one) =>
      created.length > 0 &&
      timeOf(one) > Math.max(...created) + UNDELIVERED_MS + RECONCILE_SLACK_MS,
  );
  return [...new Set([...runs.filter(isRun).slice(most), ...again, ...late])];
}

const timeOf = ({ record }: LoggedRecord): number => Date.parse(record.ts);

function differenceOf(query: Query): Mismatch | undefined {
  const { queryId, orders: ordered, ends: ended, runs, accepted } = query;
  for (const broker of [...ended, ...ordered]) {
    const isStanding = broker.record.lane === 'registered';
    for (const agent of [...accepted, ...runs]) {
      const fields = (isStanding ? sameOfStanding : sameFields).filter((field) =>
        contradicts(broker.record[field], agent.record[field]),
      );
      if (fields.length > 0) return { kind: 'differs', queryId, broker, agent, fields };
    }
  }
  const [asked] = [...ended, ...ordered];
  const other = otherStatementOf(query);
  if (asked && other)
    return { kind: 'differs', queryId, broker: asked, agent: other, fields: ['fingerprint'] };
  for (const broker of ended) {
    const fields = outcomeDifference(broker.record, runs);
    const [agent] = runs;
    if (fields && agent) return { kind: 'differs', queryId, broker, agent, fields };
  }
  return undefined;
}

/** What is tried again is the same request, to the letter: another statement under its id was never passed on. */
function otherStatementOf({ runs, accepted }: Query): LoggedRecord | undefined {
  const isStanding = runs.some(({ record }) => record.lane === 'registered');
  const isOther = (one: LoggedRecord, first: LoggedRecord | undefined): boolean =>
    contradicts(one.record.fingerprint, first?.record.fingerprint);
  const said = runs.filter(({ record }) => record.fingerprint !== undefined);
  if (!isStanding) return said.find((one) => isOther(one, said[0]));
  // Long-lived: a later version of the agent may make another fingerprint of the same statement. What has run is
  // taken in again by nobody who has not changed it.
  return accepted.find((again) => {
    const earlier = said.filter(({ index }) => index < again.index);
    return isOther(again, earlier.at(-1));
  });
}

const contradicts = (one: string | undefined, other: string | undefined): boolean =>
  one !== undefined && other !== undefined && one !== other;

/** What was cancelled, lost or failed at the broker may have ended in any way at the practice. */
function outcomeDifference(
  broker: AuditRecord,
  runs: readonly LoggedRecord[],
): string[] | undefined {
  if (isQuestion(broker)) {
    const isAlike = runs.some(({ record }) => record.reason === broker.reason);
    return isTold(broker) && !isAlike ? ['reason'] : undefined;
  }
  const answered = runs.filter(({ record }) => record.outcome === 'successful');
  if (broker.outcome === 'successful') {
    if (answered.length === 0) return ['outcome'];
    const isSameSize = answered.some(
      ({ record }) => !contradicts(broker.rowsBucket, record.rowsBucket),
    );
    const isCounted = broker.lane === 'immediate' && broker.mode === 'reader';
    return isCounted && !isSameSize ? ['rowsBucket'] : undefined;
  }
  if (broker.errorCode === 'STATEMENT_FAILED') {
    return runs.some(({ record }) => record.errorCode === 'STATEMENT_FAILED')
      ? undefined
      : ['outcome'];
  }
  const isRefused =
    broker.outcome === 'refused' && !refusedAfterRun.includes(broker.errorCode ?? '');
  return isRefused && answered.length > 0 ? ['outcome'] : undefined;
}
