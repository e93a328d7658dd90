/** A registered query under faults: once it is acknowledged it goes on by itself, whatever broke meanwhile. */
import { type Caller, parsed, toTold } from '#test/faults/ask.js';
import { type CaseHistory, seeRows, type Told } from '#test/faults/case-history.js';
import type { CasePlan } from '#test/faults/fault-plan.js';
import { readCommand } from '#test/faults/immediate-cases.js';

const LOOK_EVERY_MS = 300;
const WATCH_MS = 60_000;
/** Longer than the hour by which clocks jump. */
const LIFE_SECONDS = 14_400;
/** When each was acknowledged, by the clock that never jumps. */
const begun = new WeakMap<CaseHistory, number>();
const problem = { accept: 'application/problem+json' };

const pathOf = (caller: Caller, more = ''): string =>
  `${caller.conduit.queriesPath}/registered${more}`;

export async function beginRegistered(caller: Caller, plan: CasePlan, history: CaseHistory) {
  const reply = await caller.call('POST', pathOf(caller), {
    body: {
      name: 'Zz fault',
      registeredQueryType: 'query',
      frequency: 1,
      duration: LIFE_SECONDS,
      registerCommand: { command: readCommand({ ...plan, workMs: 0 }) },
    },
    headers: problem,
  });
  const told = toTold('submit', reply);
  history.told.push(told);
  const { id } = parsed(reply);
  if (told.status !== 202 || typeof id !== 'string') return;
  history.registeredId = id;
  begun.set(history, performance.now());
}

/** It must run again now that all is healthy, and its result must be whole; then it is cancelled. */
export async function concludeRegistered(caller: Caller, _plan: CasePlan, history: CaseHistory) {
  if (history.registeredId === undefined) return;
  const end = performance.now() + WATCH_MS;
  const before = await runsOf(caller, history);
  while (performance.now() < end) {
    const hasRun = (await runsOf(caller, history)) > before;
    const told = hasRun ? await fetchResult(caller, history) : undefined;
    if (told?.status === 200) {
      history.told.push(told);
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  const count = await runsOf(caller, history);
  const withinSeconds = (performance.now() - (begun.get(history) ?? 0)) / 1_000;
  history.runs = { count, withinSeconds };
  await caller.call('DELETE', pathOf(caller, `/${history.registeredId}`));
}

async function runsOf(caller: Caller, { registeredId }: CaseHistory): Promise<number> {
  const view = parsed(await caller.call('GET', pathOf(caller, `/${registeredId}`)));
  const { executionSucceededCount = 0, executionFailedCount = 0 } = (view['metrics'] ??
    {}) as Record<string, number>;
  return executionSucceededCount + executionFailedCount;
}

async function fetchResult(caller: Caller, { registeredId, nonce }: CaseHistory): Promise<Told> {
  const path = pathOf(caller, `/${registeredId}/results`);
  const reply = await caller.call('GET', path, { headers: problem });
  const { data } = parsed(reply) as { data?: string };
  if (reply.status !== 200 || data === undefined) return toTold('pages', reply);
  const rows = JSON.parse(Buffer.from(data, 'base64').toString()) as Record<string, unknown>[];
  return toTold('pages', reply, { rows: seeRows(rows, nonce) });
}
