/**
 * Holds the broker's and the agents' records of exports against each other, as far as both speak of the same:
 * the same sites and integrators, the same time. What lies outside is not judged, and that is said.
 */
import type { ExportedLog, ExportScope } from '#libs/audit/audit-export.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import type { Findings } from '#libs/audit/export-findings.js';
import {
  RECONCILE_SLACK_MS,
  reconcile,
  type LoggedRecord,
  type Mismatch,
} from '#libs/audit/reconcile.js';

export interface ReconcileCount {
  matched: number;
  undelivered: number;
  pending: number;
  mismatched: number;
  /** Records of registered queries that may be older than the broker's export. */
  untold: number;
}

/** A log of which all that follows is proven. */
export interface ProvenLog {
  log: ExportedLog;
  scope: ExportScope;
  madeAt: string;
  proven: LoggedRecord[];
}

const PLACE = 'reconciliation';

/** @returns undefined, with a word among the findings, when one side is missing */
export function reconcileExports(
  logs: readonly ProvenLog[],
  findings: Findings,
): ReconcileCount | undefined {
  const brokers = logs.filter(({ log }) => log.kind === 'broker');
  const agents = logs.filter(({ log }) => log.kind === 'agent');
  if (brokers.length === 0 || agents.length === 0) {
    findings.notice(PLACE, "Not checked: it takes both the broker's log and an agent's.");
    return undefined;
  }
  const broker = brokersOf(brokers, agents, findings);
  const agent = agentsOf(brokers, agents);
  const result = reconcile({ ...windowOf(brokers, agents), broker, agent });
  for (const mismatch of result.mismatches) findings.wrong(PLACE, sentenceOf(mismatch));
  if (result.pending > 0)
    findings.notice(
      PLACE,
      `Of ${result.pending} queries it cannot be told: the other log ends before.`,
    );
  if (result.untold > 0)
    findings.notice(
      PLACE,
      `${result.untold} records of registered queries cannot be told: the broker may have passed the queries on before ` +
        'its export begins, or never. One that begins a day before the agent took them in tells.',
    );
  const { matched, undelivered, pending, untold, mismatches } = result;
  return { matched, undelivered, pending, mismatched: mismatches.length, untold };
}

/** The broker's records of the sites that the agents' logs speak of. */
function brokersOf(
  brokers: readonly ProvenLog[],
  agents: readonly ProvenLog[],
  findings: Findings,
): LoggedRecord[] {
  const sites = new Set(
    agents.flatMap(({ scope, proven }) =>
      scope.site === undefined ? proven.map(({ record }) => record.site) : [scope.site],
    ),
  );
  const queries = brokers.flatMap(({ proven }) =>
    proven.filter(({ record }) => record.queryId !== undefined),
  );
  const spokenOf = queries.filter(({ record }) => sites.has(record.site));
  const left = queries.length - spokenOf.length;
  if (left > 0)
    findings.notice(PLACE, `${left} records are of sites of which no agent's log is here.`);
  return spokenOf;
}

/** The agents' records of what the broker's export was to hold. */
function agentsOf(brokers: readonly ProvenLog[], agents: readonly ProvenLog[]): LoggedRecord[] {
  const askedFor = ({ site, integrator }: AuditRecord): boolean =>
    brokers.some(
      ({ scope }) =>
        (scope.site ?? site) === site && (scope.integrator ?? integrator) === integrator,
    );
  return agents.flatMap(({ proven }) => proven).filter(({ record }) => askedFor(record));
}

function windowOf(brokers: readonly ProvenLog[], agents: readonly ProvenLog[]) {
  const all = [...brokers, ...agents];
  // Of a time whose records are destroyed nothing can be told.
  const knownFrom = (some: readonly ProvenLog[]): number =>
    Math.max(
      ...some.map(({ scope }) => Date.parse(scope.from ?? '') || -Infinity),
      ...some.flatMap(({ log }) => log.destroyed?.map(({ to }) => Date.parse(to)) ?? []),
    );
  const from = knownFrom(all);
  const endOf = ({ scope, madeAt }: ProvenLog): number =>
    Math.min(Date.parse(scope.to ?? madeAt), Date.parse(madeAt));
  return {
    // What one side wrote just before may stand in the other just after.
    fromMs: Number.isFinite(from) ? from + RECONCILE_SLACK_MS : from,
    toMs: Math.min(...all.map(endOf)),
    standingKnownFromMs: knownFrom(brokers),
    brokerKnownToMs: Math.min(...brokers.map(endOf)),
    // An agent's log of which some leaves are left out says nothing by its silence.
    agentKnownToMs: Math.min(...agents.map((one) => (one.log.complete ? endOf(one) : -Infinity))),
  };
}

const kindWords: Record<Mismatch['kind'], string> = {
  'dispatched-not-executed':
    "the broker says that it was answered, the agent's log knows nothing of it",
  'executed-not-dispatched':
    'it ran at the practice, and the broker has no record that it passed it on',
  differs: 'the two logs contradict each other',
};

function sentenceOf({ kind, queryId, fields = [], broker, agent }: Mismatch): string {
  const leaves = [
    broker && `leaf ${broker.index} of the broker's log`,
    agent && `leaf ${agent.index} of the agent's log`,
  ].filter((leaf) => leaf !== undefined);
  const what = [kindWords[kind], ...fields].join(', ');
  return `Query ${queryId}: ${what} (${leaves.join(', ')}).`;
}
