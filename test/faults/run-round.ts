/**
 * One round: the queries begin, one thing breaks and is mended, everybody gets a final word, and the
 * histories are judged against what is true. Its own exceptions are findings too: a conduit that
 * does not come back by itself fails every case of the round.
 */
import { Caller } from '#test/faults/ask.js';
import { beginAsync, concludeAsync, repeatAsyncWrite } from '#test/faults/async-cases.js';
import type { CaseHistory, CaseKind } from '#test/faults/case-history.js';
import { checkHistories, type Violation } from '#test/faults/check-history.js';
import { type CasePlan, isHarmless, type RoundPlan } from '#test/faults/fault-plan.js';
import type { FaultyConduit } from '#test/faults/faulty-conduit.js';
import { beginRegistered, concludeRegistered } from '#test/faults/registered-cases.js';
import {
  findWrite,
  immediateRead,
  immediateWrite,
  repeatWrite,
  streamedRead,
} from '#test/faults/immediate-cases.js';

export interface RoundResult {
  histories: CaseHistory[];
  violations: Violation[];
  /** From mending to everybody being served; absent: it did not come back, and must be stopped. */
  healthyAfterMs?: number;
}

interface Case {
  plan: CasePlan;
  caller: Caller;
  history: CaseHistory;
}

type Step = (caller: Caller, plan: CasePlan, history: CaseHistory) => Promise<void>;

/** What a kind does while things break, and what it does afterwards. */
const steps: Record<CaseKind, { begin: Step; conclude?: Step; repeat?: Step }> = {
  immediateRead: { begin: immediateRead },
  streamedRead: { begin: streamedRead },
  immediateWrite: { begin: immediateWrite, conclude: findWrite, repeat: repeatWrite },
  registered: { begin: beginRegistered, conclude: concludeRegistered },
  asyncRead: { begin: beginAsync, conclude: concludeAsync },
  asyncWrite: { begin: beginAsync, conclude: concludeAsync, repeat: repeatAsyncWrite },
};

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export async function runRound(faulty: FaultyConduit, plan: RoundPlan): Promise<RoundResult> {
  const leaving = new AbortController();
  const cases = plan.cases.map((own) => aCase(faulty, own, plan.seed, leaving.signal));
  const histories = cases.map(({ history }) => history);
  const begun = Promise.all(cases.map(begin));
  try {
    await breakAndMend(faulty, plan, cases, leaving);
    const mended = performance.now();
    await faulty.untilHealthy();
    const healthyAfterMs = performance.now() - mended;
    await begun;
    for (const own of cases) own.caller = own.caller.afterHealing();
    const isRedisLost = faulty.takeRedisLost();
    const nonces = plan.cases.map(({ nonce }) => nonce);
    const judge = async (): Promise<Violation[]> =>
      checkHistories(histories, {
        applied: await faulty.applied(nonces),
        isRedisLost,
        isUndisturbed: isHarmless(plan.fault),
        mayNotExpire: plan.fault.what === 'clockJump' && plan.fault.owner === 'agent',
        mustBeRetryable: plan.fault.what === 'clockJump' || plan.fault.what === 'diskFull',
        isStillRunning: !(await faulty.isIdle()),
      });
    await each(cases, 'conclude');
    await Promise.all(cases.map((own) => askAsStranger(faulty, own)));
    const atFirst = await judge();
    // What was looked up before it was sent again need not be true afterwards.
    for (const { told } of histories) for (const one of told) one.isAfterHealing = false;
    await each(cases, 'repeat');
    await each(
      cases.filter(({ plan: { kind } }) => kind.endsWith('Write')),
      'conclude',
    );
    return { histories, violations: [...atFirst, ...(await judge())], healthyAfterMs };
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    const violations = histories.map(({ id }) => ({
      rule: 'noFinalWord' as const,
      caseId: id,
      words,
    }));
    return { histories, violations };
  }
}

function aCase(faulty: FaultyConduit, plan: CasePlan, seed: number, leaving: AbortSignal): Case {
  const isWrite = plan.kind.endsWith('Write');
  return {
    plan,
    caller: new Caller(faulty.conduit, faulty.integrators[plan.caller].subscriptionKey, leaving),
    history: {
      id: `${seed}/${plan.kind}/${plan.nonce}`,
      kind: plan.kind,
      nonce: plan.nonce,
      isWrite,
      expectedRows: isWrite ? 0 : plan.rows,
      told: [],
      isUnfinished: true,
    },
  };
}

async function begin({ plan, caller, history }: Case): Promise<void> {
  await sleep(plan.startMs);
  await steps[plan.kind].begin(caller, plan, history);
  history.isUnfinished = false;
}

async function each(cases: Case[], step: 'conclude' | 'repeat'): Promise<void> {
  const act = async ({ plan, caller, history }: Case): Promise<void> =>
    steps[plan.kind][step]?.(caller, plan, history);
  await Promise.all(cases.map(act));
}

/** The other integrator asks about a query that is not its own. */
async function askAsStranger(faulty: FaultyConduit, { plan, history }: Case): Promise<void> {
  const { queryId, registeredId } = history;
  const place = registeredId === undefined ? queryId : `registered/${registeredId}`;
  if (place === undefined) return;
  const { subscriptionKey } = faulty.integrators[1 - plan.caller] as { subscriptionKey: string };
  const stranger = new Caller(faulty.conduit, subscriptionKey, new AbortController().signal);
  const path = `${faulty.conduit.queriesPath}/${place}`;
  history.strangerStatus = (await stranger.call('GET', path)).status;
}

function onTheirWay({ integrators, conduit: { siteId } }: FaultyConduit, cases: Case[]) {
  return cases.flatMap(({ plan, history: { queryId } }) => {
    const { integratorId } = integrators[plan.caller];
    return queryId === undefined ? [] : [{ queryId, siteId, integratorId }];
  });
}

async function breakAndMend(
  faulty: FaultyConduit,
  { fault }: RoundPlan,
  cases: Case[],
  leaving: AbortController,
): Promise<void> {
  await sleep(fault.afterMs);
  if (fault.what === 'leave') leaving.abort();
  if (fault.what === 'jobsTwice') await faulty.deliverTwice(onTheirWay(faulty, cases));
  await faulty.strike(fault);
  await sleep(fault.forMs);
  await faulty.heal(fault);
}
