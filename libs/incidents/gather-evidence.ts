/**
 * Reads one agent's window a day at a time from wherever the records are, and counts it. The broker's store and
 * a drill's made-up records are two sources of the same evidence.
 */
import type { AuditRecord } from '#libs/audit/audit-record.js';
import { RECONCILE_SLACK_MS, type LoggedRecord } from '#libs/audit/reconcile.js';
import type { IncidentScope, PackAgent } from '#libs/console-api/incidents.js';
import { countQueries, type CountedPiece } from '#libs/incidents/count-queries.js';
import type { SiteTurn } from '#libs/incidents/site-turns.js';

const PIECE_MS = 86_400_000;
const IDS_AT_ONCE = 500;

/** An agent and its sites; without an id: sites of a practice that have none. */
export interface EvidenceAgent {
  agentId?: string;
  practiceId: string;
  siteIds: readonly string[];
  /** When it had which site; absent: it had its sites all the time. */
  turns?: readonly SiteTurn[];
  /** Where its log may tell of more sites than those that are counted with it. */
  toldSiteIds?: readonly string[];
}

export interface AgentAnswer {
  records: readonly LoggedRecord[];
  /** It was not there before; absent: it was there all the time. */
  knownFromMs?: number;
  knownToMs: number;
  /** The head of its log that they were proven under. */
  size: number;
  /** base64 */
  root: string;
}

/** Times are milliseconds since the epoch; the end is not part of it. */
export interface EvidenceSource {
  /** Ends and orders of queries at these sites, and at those that its log may tell of. */
  broker: (agent: EvidenceAgent, fromMs: number, toMs: number) => Promise<LoggedRecord[]>;
  /** All the broker has of these queries, from any time; of registered ones that they are registered. */
  brokerOf: (agent: EvidenceAgent, queryIds: readonly string[]) => Promise<LoggedRecord[]>;
  agent: (
    agent: EvidenceAgent,
    fromMs: number,
    toMs: number,
  ) => Promise<AgentAnswer | 'away' | 'unproven'>;
  purposesOf: (record: AuditRecord) => readonly string[];
  nowMs: () => number;
}

export interface EvidenceOrder {
  scope: IncidentScope;
  checkpointSize: number;
}

export interface AgentEvidence extends CountedPiece {
  /** Absent for sites that have no agent. */
  agent?: PackAgent;
}

/** @throws what the source throws for the broker's own records */
export async function gatherEvidence(
  source: EvidenceSource,
  about: EvidenceAgent,
  { scope, checkpointSize }: EvidenceOrder,
): Promise<AgentEvidence> {
  const { agentId, practiceId, turns } = about;
  const toMs = Date.parse(scope.to);
  const evidence: AgentEvidence = { lines: [], mismatches: [] };
  const told = new Told(source, about);
  for (let fromMs = Date.parse(scope.from); fromMs < toMs; fromMs += PIECE_MS) {
    const piece = { fromMs, toMs: Math.min(toMs, fromMs + PIECE_MS) };
    const around = [fromMs - RECONCILE_SLACK_MS, piece.toMs + RECONCILE_SLACK_MS] as const;
    const answer = await told.about(piece.toMs, around);
    const counted = countQueries({
      ...{ ...piece, scope, checkpointSize, practiceId },
      broker: await brokerSide(source, about, around, answer),
      ...(agentId !== undefined && { agentId }),
      ...(turns && { turns }),
      ...(answer && { agent: answer }),
      purposesOf: source.purposesOf,
      nowMs: source.nowMs(),
    });
    evidence.lines.push(...counted.lines);
    evidence.mismatches.push(...counted.mismatches);
  }
  return agentId === undefined
    ? evidence
    : { ...evidence, agent: told.standing(agentId, Date.parse(scope.from), toMs) };
}

/** What the agent said so far. One that did not answer about a day is not asked about the next: it would wait each time. */
class Told {
  private last: AgentAnswer | undefined;
  private ended: 'away' | 'unproven' | undefined;
  private toMs = -Infinity;

  constructor(
    private readonly source: EvidenceSource,
    private readonly agent: EvidenceAgent,
  ) {}

  async about(toMs: number, around: readonly [number, number]): Promise<AgentAnswer | undefined> {
    if (this.agent.agentId === undefined || this.ended) return undefined;
    const answer = await this.source.agent(this.agent, ...around);
    if (typeof answer === 'string') {
      this.ended = answer;
      return undefined;
    }
    this.last = answer;
    this.toMs = Math.min(toMs, answer.knownToMs - RECONCILE_SLACK_MS);
    return answer;
  }

  standing(agentId: string, fromMs: number, toMs: number): PackAgent {
    const { practiceId, siteIds } = this.agent;
    const about = { agentId, practiceId, siteIds: [...siteIds].sort() };
    if (!this.last || this.ended === 'unproven') return { ...about, state: this.ended ?? 'away' };
    const { size: logSize, root: logRoot, knownFromMs = -Infinity } = this.last;
    const comparedTo = new Date(this.toMs).toISOString();
    const isFromStart = knownFromMs + RECONCILE_SLACK_MS <= fromMs;
    return {
      ...about,
      state: this.toMs < toMs || !isFromStart ? 'in-part' : 'compared',
      ...(!isFromStart && {
        comparedFrom: new Date(knownFromMs + RECONCILE_SLACK_MS).toISOString(),
      }),
      ...{ comparedTo, logSize, logRoot },
    };
  }
}

/** Everything of the span, and of queries that began or ended outside of it whatever else there is. */
async function brokerSide(
  source: EvidenceSource,
  about: EvidenceAgent,
  around: readonly [number, number],
  answer: AgentAnswer | undefined,
): Promise<LoggedRecord[]> {
  const found = new Map<string, LoggedRecord>();
  const wanted = new Set<string>();
  for (const one of await source.broker(about, ...around)) {
    found.set(one.text, one);
    const { lane, queryId } = one.record;
    if (lane === 'async' && queryId !== undefined) wanted.add(queryId);
  }
  const ended = new Set([...found.values()].map(({ record }) => record.queryId));
  for (const { record } of answer?.records ?? []) {
    const { lane, queryId } = record;
    if (queryId !== undefined && (lane === 'registered' || !ended.has(queryId)))
      wanted.add(queryId);
  }
  const ids = [...wanted].sort();
  for (let at = 0; at < ids.length; at += IDS_AT_ONCE) {
    for (const one of await source.brokerOf(about, ids.slice(at, at + IDS_AT_ONCE)))
      found.set(one.text, one);
  }
  return [...found.values()];
}
