/** Immediate queries under faults: a read in one piece, a streamed read, a write under its own key. */
import { createHash } from 'node:crypto';
import { type Caller, parsed, type Reply, toTold } from '#test/faults/ask.js';
import { type CaseHistory, type RowsSeen, seeRows, type Told } from '#test/faults/case-history.js';
import type { CasePlan } from '#test/faults/fault-plan.js';

type Row = Record<string, unknown>;

const MOST_ATTEMPTS = 6;

const wait = (ms: number): string =>
  ms === 0 ? '' : `WAITFOR DELAY '00:00:${(ms / 1_000).toFixed(3).padStart(6, '0')}'; `;

/** Numbered rows with the nonce of their case. */
export function readCommand({ nonce, rows, workMs, padTimes = 1 }: CasePlan): object {
  const numbered =
    `SELECT TOP (${rows}) ROW_NUMBER() OVER (ORDER BY a.INTERNALID, b.INTERNALID, c.INTERNALID) - 1 AS n ` +
    'FROM dbo.Patient a CROSS JOIN dbo.Patient b CROSS JOIN dbo.Patient c';
  return {
    text: `${wait(workMs)}SELECT @nonce AS nonce, t.n, '${'Zz synthetic filling'.repeat(padTimes)}' AS pad FROM (${numbered}) t ORDER BY t.n`,
    parameters: [{ name: '@nonce', type: 'VarChar', value: nonce }],
  };
}

export function writeCommand({ nonce, workMs }: CasePlan): object {
  return {
    text: `${wait(workMs)}INSERT INTO dbo.FaultNote (Nonce) VALUES (@nonce)`,
    executionMode: 'nonQuery',
    parameters: [{ name: '@nonce', type: 'VarChar', value: nonce }],
  };
}

const problem = { accept: 'application/problem+json' };

export async function immediateRead(caller: Caller, plan: CasePlan, history: CaseHistory) {
  const reply = await caller.call('POST', `${caller.conduit.queriesPath}/immediate`, {
    body: { command: readCommand(plan) },
    headers: problem,
  });
  const { result } = parsed(reply) as { result?: { data?: string; rows?: number } };
  const rows = result?.data === undefined ? undefined : rowsOf(result.data, plan.nonce);
  history.told.push(toTold('run', reply, rows && { rows }));
}

function rowsOf(base64: string, nonce: string): RowsSeen {
  return seeRows(JSON.parse(Buffer.from(base64, 'base64').toString()) as Row[], nonce);
}

export async function streamedRead(caller: Caller, plan: CasePlan, history: CaseHistory) {
  const reply = await caller.call('POST', `${caller.conduit.queriesPath}/immediate`, {
    body: { command: readCommand(plan) },
    headers: { accept: 'application/x-ndjson, application/problem+json;q=0.5' },
  });
  history.told.push(reply.status === 200 ? toldStream(reply, plan.nonce) : toTold('run', reply));
}

/** Whole is what says so in its last line, with the hash of what came before it. */
function toldStream(reply: Reply, nonce: string): Told {
  const lines = reply.text.split('\n');
  const torn = lines.pop() !== '';
  const last = lines.pop() ?? '';
  const rows = lines.map(asRow).filter((row) => row !== undefined);
  const { $end } = (asRow(last) ?? {}) as { $end?: { rows: number; sha256: string } };
  const seen = seeRows(rows, nonce);
  if (!$end || torn) return toTold('run', { ...reply, isCutShort: true }, { rows: seen });
  const before = reply.text.slice(0, reply.text.length - last.length - 1);
  const isWhole =
    $end.rows === rows.length &&
    $end.sha256.toLowerCase() === createHash('sha256').update(before).digest('hex');
  // A trailer that does not fit its rows is a torn result that claims to be whole.
  return toTold('run', reply, { rows: isWhole ? seen : { ...seen, count: -1 } });
}

function asRow(line: string): Row | undefined {
  try {
    return JSON.parse(line) as Row;
  } catch {
    return undefined;
  }
}

export async function immediateWrite(caller: Caller, plan: CasePlan, history: CaseHistory) {
  history.told.push(await attempt(caller, plan));
}

async function attempt(caller: Caller, plan: CasePlan): Promise<Told> {
  const reply = await caller.call('POST', `${caller.conduit.queriesPath}/immediate`, {
    body: { command: writeCommand(plan) },
    headers: { ...problem, 'idempotency-key': plan.nonce },
  });
  const { result } = parsed(reply) as { result?: { rowsAffected?: number } };
  const { rowsAffected } = result ?? {};
  return toTold('run', reply, rowsAffected === undefined ? {} : { rowsAffected });
}

/** Sent again under its key until it is done; the same key never does it twice. */
export async function repeatWrite(caller: Caller, plan: CasePlan, history: CaseHistory) {
  for (let attempts = 0; attempts < MOST_ATTEMPTS; attempts += 1) {
    const last = history.told.filter(({ call }) => call === 'run').at(-1);
    if (last?.status === 200 && !last.isCutShort) return;
    history.told.push({ ...(await attempt(caller, plan)), isAfterHealing: true });
  }
}

/** Asks what became of a write. */
export async function findWrite(caller: Caller, { nonce }: CasePlan, history: CaseHistory) {
  const path = `/integrator/sites/${caller.siteId}/writes/${nonce}`;
  const reply = await caller.call('GET', path, { headers: problem });
  const { state } = parsed(reply);
  const more = { isAfterHealing: true, ...(typeof state === 'string' && { state }) };
  history.told.push(toTold('findWrite', reply, more));
}
