/** A registered query under faults: once it is acknowledged it goes on by itself, whatever broke meanwhile. */
import { type Caller, parsed, toTold } from '#test/faults/ask.js';
import { type CaseHistory, seeRows, type Told } from '#test/faults/case-history.js';
import type { CasePlan } from '#test/faults/fault-plan.js';
import { readCommand } from '#test/faults/immediate-cases.js';

const LOOK_EVERY_MS = 300;
const WATCH_MS = 60_000;
const LIFE_SECONDS = 600;
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
  if (told.status === 202 && typeof id === 'string') history.registeredId = id;
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
  await caller.call('DELETE', pathOf(caller, `/${history.registeredId}`));
}

async function runsOf(caller: Caller, { registeredId }: CaseHistory): Promise<number> {
  const view = parsed(await caller.call('GET', pathOf(caller, `/${registeredId}`)));
  const { executionSucceededCount } = (view['metrics'] ?? {}) as Record<string, number>;
  return executionSucceededCount ?? 0;
}

async function fetchResult(caller: Caller, { registeredId, nonce }: CaseHistory): Promise<Told> {
  const path = pathOf(caller, `/${registeredId}/results`);
  const reply = await caller.call('GET', path, { headers: problem });
  const { data } = parsed(reply) as { data?: string };
  if (reply.status !== 200 || data === undefined) return toTold('pages', reply);
  const rows = JSON.parse(Buffer.from(data, 'base64').toString()) as Record<string, unknown>[];
  return toTold('pages', reply, { rows: seeRows(rows, nonce) });
}
