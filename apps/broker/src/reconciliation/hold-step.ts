/**
 * Holds the broker's records against those of an agent, of one step of a window. In memory are the agent's
 * of the step, and of the broker's a page.
 */
import { Injectable } from '@nestjs/common';
import { SiteRecords } from '#apps/broker/src/reconciliation/site-records.js';
import { agentsIdOf, isQuestion } from '#libs/audit/match-records.js';
import {
  reconcile,
  RECONCILE_SLACK_MS,
  type LoggedRecord,
  type Reconciled,
} from '#libs/audit/reconcile.js';
import type { RecordSpan, Step } from '#libs/audit/reconcile-in-steps.js';

const QUERIES_AT_ONCE = 500;

@Injectable()
export class HoldStep {
  constructor(private readonly records: SiteRecords) {}

  async execute(
    agentId: string,
    step: Step & { brokerKnownToMs: number },
    agent: readonly LoggedRecord[],
  ): Promise<Reconciled> {
    const runs = runsById(agent);
    const sums: Reconciled = { matched: 0, undelivered: 0, pending: 0, untold: 0, mismatches: [] };
    const add = ({ mismatches, ...counts }: Reconciled): void => {
      for (const key of ['matched', 'undelivered', 'pending', 'untold'] as const)
        sums[key] += counts[key];
      sums.mismatches.push(...mismatches);
    };
    const requests = new Set(agent.flatMap(({ record }) => record.requestId ?? []));
    const earlier: LoggedRecord[] = [];
    const around = {
      fromMs: step.fromMs - RECONCILE_SLACK_MS,
      toMs: step.toMs + RECONCILE_SLACK_MS,
    };
    for await (const page of this.records.of(agentId, around, { handOverMs: RECONCILE_SLACK_MS })) {
      const without = page.filter(({ record }) => !runs.has(record.queryId ?? ''));
      // Of a version that passed on the caller's own id of a question what became of a write.
      const isEarlier = ({ record }: LoggedRecord): boolean =>
        isQuestion(record) && requests.has(record.requestId ?? '');
      earlier.push(...without.filter(isEarlier));
      add(reconcile({ ...step, broker: without.filter((one) => !isEarlier(one)), agent: [] }));
    }
    const all = [...runs.values()];
    const isAsked = (some: readonly LoggedRecord[]): boolean =>
      some.some(({ record }) => isQuestion(record));
    for (const some of inParts(
      all.filter((one) => !isAsked(one)),
      QUERIES_AT_ONCE,
    ))
      add(reconcile({ ...step, broker: await this.brokersOf(agentId, some), agent: some.flat() }));
    for (const some of inParts(all.filter(isAsked), QUERIES_AT_ONCE))
      earlier.push(...(await this.brokersOf(agentId, some)));
    add(reconcile({ ...step, broker: earlier, agent: all.filter(isAsked).flat() }));
    return sums;
  }

  /** Whether the broker says that anything ran there. */
  async didRun(agentId: string, span: RecordSpan): Promise<boolean> {
    for await (const page of this.records.of(agentId, span)) {
      if (page.some(({ record }) => record.type === 'query.executed')) return true;
    }
    return false;
  }

  /** What was passed on, if it was. */
  private async brokersOf(agentId: string, runs: readonly LoggedRecord[][]) {
    const isStanding = ([run]: LoggedRecord[]): boolean => run?.record.lane === 'registered';
    const idsOf = (some: readonly LoggedRecord[][]): string[] =>
      some.flatMap(([run]) => (run && agentsIdOf(run.record)) ?? []);
    const standing = idsOf(runs.filter(isStanding));
    const passing = idsOf(runs.filter((one) => !isStanding(one)));
    return [
      ...(await this.records.ofQueries(agentId, passing)),
      ...(await this.records.standing(agentId, standing)),
    ];
  }
}

function runsById(agent: readonly LoggedRecord[]): Map<string, LoggedRecord[]> {
  const found = new Map<string, LoggedRecord[]>();
  for (const one of agent) {
    const id = agentsIdOf(one.record);
    if (id === undefined) continue;
    const known = found.get(id);
    if (known) known.push(one);
    else found.set(id, [one]);
  }
  return found;
}

function* inParts<T>(all: readonly T[], size: number): Generator<T[]> {
  for (let at = 0; at < all.length; at += size) yield all.slice(at, at + size);
}
