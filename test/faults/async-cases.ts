/** Async queries under faults: submitted, watched to their end through whatever happens, fetched page by page. */
import { type Caller, parsed, type Reply, toTold } from '#test/faults/ask.js';
import { type CaseHistory, type RowsSeen, seeRows, type Told } from '#test/faults/case-history.js';
import { findWrite, readCommand, writeCommand } from '#test/faults/immediate-cases.js';
import type { CasePlan } from '#test/faults/fault-plan.js';
import { catalogue } from '#libs/errors/catalogue.js';

const LOOK_EVERY_MS = 200;
const WATCH_MS = 90_000;
/** Longer than any round, shorter than the hour by which clocks jump. */
const MOST_WAIT_MS = 600_000;
const MOST_SUBMITS = 5;
const problem = { accept: 'application/problem+json' };

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks for it, and watches while things break; what is not over by then is watched afterwards. */
export async function beginAsync(caller: Caller, plan: CasePlan, history: CaseHistory) {
  await submit(caller, plan, history);
  if (history.queryId === undefined || caller.hasLeft) return;
  await look(caller, history);
  if (plan.cancelAfterMs === undefined) return;
  await sleep(plan.cancelAfterMs);
  await cancel(caller, history);
}

/** Everything is healthy: it must come to its end, and a result must be whole. */
export async function concludeAsync(caller: Caller, plan: CasePlan, history: CaseHistory) {
  if (history.queryId !== undefined) {
    // Whether an earlier one arrived is not known to whom it was not answered.
    if (plan.cancelAfterMs !== undefined) await cancel(caller, history);
    await watch(caller, history);
  }
  if (history.isWrite) await findWrite(caller, plan, history);
  else if (stateOf(history) === 'successful') history.told.push(await fetchPages(caller, history));
}

/**
 * A submit whose answer was lost is sent again under its key, and so is a query that went with Redis,
 * as its answer asks for. Either way the same key never does it twice.
 */
export async function repeatAsyncWrite(caller: Caller, plan: CasePlan, history: CaseHistory) {
  if (lastLook(history)?.status === 410) delete history.queryId;
  for (let submits = 0; submits < MOST_SUBMITS && history.queryId === undefined; submits += 1)
    await submit(caller, plan, history);
}

async function submit(caller: Caller, plan: CasePlan, history: CaseHistory): Promise<void> {
  const reply = await caller.call('POST', `${caller.conduit.queriesPath}/async`, {
    body: {
      command: history.isWrite ? writeCommand(plan) : readCommand(plan),
      maxTimeInQueue: MOST_WAIT_MS,
    },
    headers: { ...problem, ...(history.isWrite && { 'idempotency-key': plan.nonce }) },
  });
  const told = toTold('submit', reply);
  history.told.push(told);
  const { id } = parsed(reply);
  if (told.status === 201 && typeof id === 'string') history.queryId = id;
}

async function cancel(caller: Caller, history: CaseHistory): Promise<void> {
  const path = `${caller.conduit.queriesPath}/${history.queryId}`;
  history.isCancelled = true;
  const reply = await caller.call('DELETE', path, { headers: problem });
  history.told.push(toTold('cancel', reply));
}

const lastLook = ({ told }: CaseHistory): Told | undefined =>
  told.filter(({ call }) => call === 'status').at(-1);

const stateOf = (history: CaseHistory): string | undefined => lastLook(history)?.state;

async function watch(caller: Caller, history: CaseHistory): Promise<void> {
  const end = performance.now() + WATCH_MS;
  for (;;) {
    const told = await look(caller, history);
    if (told.status === 410 || told.status === 404) return;
    if (told.state !== undefined && told.hasReason !== undefined) return;
    if (performance.now() > end) return;
    await sleep(LOOK_EVERY_MS);
  }
}

/** Only what is new becomes part of the history. */
async function look(caller: Caller, history: CaseHistory): Promise<Told> {
  const path = `${caller.conduit.queriesPath}/${history.queryId}`;
  const told = readLook(await caller.call('GET', path, { headers: problem }));
  const last = lastLook(history);
  if (last?.state !== told.state || last?.status !== told.status) history.told.push(told);
  return told;
}

const ended = new Set(['successful', 'executionFailed', 'uploadFailed', 'expiredInQueue']);

function readLook(reply: Reply): Told {
  const { status, code, errorMessage, result } = parsed(reply);
  const told = toTold('status', reply);
  if (told.status !== 200 || typeof status !== 'string') return told;
  const { rowsAffected } = (result ?? {}) as { rowsAffected?: number };
  const error = typeof code === 'string' && code in catalogue ? code : undefined;
  const retry = error && catalogue[error as keyof typeof catalogue].retry;
  return {
    ...told,
    state: status,
    ...(retry && { retry }),
    ...(rowsAffected !== undefined && { rowsAffected }),
    ...(ended.has(status) && { hasReason: error !== undefined && errorMessage !== undefined }),
  };
}

/** @returns one line for all pages: how many rows there were, and whether each was in its place */
async function fetchPages(caller: Caller, { queryId, nonce }: CaseHistory): Promise<Told> {
  const path = `${caller.conduit.queriesPath}/${queryId}`;
  const view = await caller.call('GET', path, { headers: problem });
  const { result } = parsed(view) as { result?: { pages?: { pageNumber: number }[] } };
  const all: RowsSeen = { count: 0, foreign: 0, misplaced: 0 };
  for (const { pageNumber } of result?.pages ?? []) {
    const streams = pageNumber % 2 === 0 ? '/stream' : '';
    const reply = await caller.call('GET', `${path}/results/${pageNumber}${streams}`, {
      headers: streams === '' ? problem : {},
    });
    if (reply.status !== 200 || reply.isCutShort) return toTold('pages', reply);
    const rows = pageRows(reply, streams !== '');
    const seen = seeRows(rows, nonce, all.count);
    const range = [reply.headers['rows-range-start'], reply.headers['rows-range-end']].map(Number);
    const isAnnounced = range[0] === all.count && range[1] === all.count + rows.length - 1;
    all.count += seen.count;
    all.foreign += seen.foreign;
    all.misplaced += isAnnounced ? seen.misplaced : rows.length;
  }
  return toTold('pages', view, { rows: all });
}

function pageRows(reply: Reply, isText: boolean): Record<string, unknown>[] {
  const { data } = isText ? { data: undefined } : (parsed(reply) as { data?: string });
  const text = isText ? reply.text : Buffer.from(data ?? '', 'base64').toString();
  return JSON.parse(text) as Record<string, unknown>[];
}
