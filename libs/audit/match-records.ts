/** Which of the broker's and the agent's records are of the same query, or of the same question about a write. */
import type { AuditAction, AuditRecord } from '#libs/audit/audit-record.js';

interface Logged {
  record: AuditRecord;
}

export interface MatchedQuery<T> {
  queryId: string;
  /** The broker's: where something waits or stands to be run, later than now. */
  orders: T[];
  /** The broker's: what came of it. */
  ends: T[];
  /** The agent's. */
  runs: T[];
  /** The agent's: where it took a standing order in. */
  accepted: T[];
}

const orders: ReadonlySet<AuditAction> = new Set([
  'query.submitted',
  'registered.created',
  'registered.renewed',
  'registered.cancelled',
  'registered.ended',
]);
const ends: ReadonlySet<AuditAction> = new Set([
  'query.executed',
  'query.failed',
  'query.refused',
  'query.cancelled',
  'query.expired',
  'write.found',
]);
const ofAgent: ReadonlySet<AuditAction> = new Set([
  'query.executed',
  'query.failed',
  'query.refused',
  'write.found',
  'registered.created',
]);

/** What became of a write was asked. The agent has the broker's receipt of it as its request's id. */
export const isQuestion = ({ type }: AuditRecord): boolean => type === 'write.found';

const isAccepted = ({ type }: AuditRecord): boolean => type === 'registered.created';

/** Questions apart from queries: nobody hides a run as a question under the same id. */
const keyOf = (record: AuditRecord, id: string): string => (isQuestion(record) ? `? ${id}` : id);

/** What a record of the agent's is held against: an id of the broker's records. */
export function agentsIdOf(record: AuditRecord): string | undefined {
  if (!ofAgent.has(record.type)) return undefined;
  return isQuestion(record) ? record.requestId : record.queryId;
}

export function matchRecords<T extends Logged>(
  broker: readonly T[],
  agent: readonly T[],
): Iterable<MatchedQuery<T>> {
  const found = new Map<string, MatchedQuery<T>>();
  const queryOf = (record: AuditRecord, queryId: string): MatchedQuery<T> => {
    const key = keyOf(record, queryId);
    const query = found.get(key) ?? { queryId, orders: [], ends: [], runs: [], accepted: [] };
    found.set(key, query);
    return query;
  };
  for (const one of broker) {
    const { type, lane, queryId } = one.record;
    if (queryId === undefined) continue;
    // A run of a standing order is told of when the agent can: long after it, maybe. It shows that there is one.
    if (orders.has(type) || (ends.has(type) && lane === 'registered'))
      queryOf(one.record, queryId).orders.push(one);
    else if (ends.has(type)) queryOf(one.record, queryId).ends.push(one);
  }
  const earlier = askedByRequest(found.values());
  for (const one of agent) {
    const id = agentsIdOf(one.record);
    if (id === undefined) continue;
    const isKnown = !isQuestion(one.record) || found.has(keyOf(one.record, id));
    const asked = isKnown ? undefined : earlier.get(requestOf(one.record));
    if (asked) answerAll(asked, one);
    else if (isAccepted(one.record)) queryOf(one.record, id).accepted.push(one);
    else queryOf(one.record, id).runs.push(one);
  }
  return found.values();
}

const requestOf = ({ requestId, site, integrator }: AuditRecord): string =>
  `${requestId} ${site} ${integrator}`;

/** A broker of an earlier version passed on the caller's own id, which may be that of several questions. */
function askedByRequest<T extends Logged>(
  queries: Iterable<MatchedQuery<T>>,
): Map<string, MatchedQuery<T>[]> {
  const found = new Map<string, MatchedQuery<T>[]>();
  for (const query of queries) {
    const [end] = query.ends;
    if (!end || !isQuestion(end.record)) continue;
    const known = found.get(requestOf(end.record));
    if (known) known.push(query);
    else found.set(requestOf(end.record), [query]);
  }
  return found;
}

/** Which of them it was for nobody can tell: one that says what the broker says will do. */
function answerAll<T extends Logged>(asked: readonly MatchedQuery<T>[], one: T): void {
  for (const { ends: ended, runs } of asked) {
    const isAlike = ended[0]?.record.reason === one.record.reason;
    if (runs.length === 0 || isAlike) runs.splice(0, 1, one);
  }
}
