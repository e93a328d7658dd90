/**
 * What a run comes to: unchanged, changed with what differs, or failed. All that could show a row is
 * sealed to the integrator's result key before it is kept; what the broker reads is numbers, times
 * and a hash under a key of this agent.
 */
import { createHmac } from 'node:crypto';
import { encodePage } from '#libs/contracts/result-page.js';
import {
  registeredLimits,
  runParts,
  runSealId,
  type RegisteredRunReport,
  type RunPart,
} from '#libs/contracts/registered.js';
import { sealText } from '#libs/sealing/page-text.js';
import { ResultSealer } from '#libs/sealing/seal-result.js';
import { changesOf, type RowChanges } from '#apps/agent/src/registered/row-changes.js';
import {
  indexRows,
  readIndex,
  writeIndex,
  type RowIndex,
} from '#apps/agent/src/registered/row-index.js';
import type { HeldQuery } from '#apps/agent/src/registered/registered-query.js';
import { runFiles, type RegisteredShelf } from '#apps/agent/src/registered/registered-shelf.js';
import type { RunAnswer, RunFailure } from '#apps/agent/src/registered/run-query-once.js';

type Success = Extract<RunAnswer, { isSuccess: true }>;
type Facts = Omit<RegisteredRunReport, 'registeredId' | 'run' | 'startedAtMs' | 'executionMs'>;

/** SQL Server's messages hardly ever are longer. */
const MAX_WORDS = 2_000;

function sealerFor({ definition }: HeldQuery, run: number): ResultSealer {
  const { registeredId, siteId, integratorId, resultKey } = definition;
  const queryId = runSealId(registeredId, run);
  return new ResultSealer(resultKey, { queryId, siteId, integratorId });
}

/** For the report of a run that failed: its words for nobody but the integrator. */
export function failureFacts(held: HeldQuery, run: number, failure: RunFailure): Facts {
  const { code, errorType, errorNumber, words } = failure;
  const sealer = sealerFor(held, run);
  const said = { errorType, errorCode: errorNumber, errorMessage: words.slice(0, MAX_WORDS) };
  const text = Buffer.from(JSON.stringify(said));
  // It goes without a header, so nothing but its number can be bound.
  const header = { page: runParts.error, rowsStart: 0, rowsEnd: -1, plainBytes: text.length };
  const sealed = sealer.sealPage(header, text);
  return {
    outcome: 'failed',
    errorCode: code,
    errorType,
    errorNumber,
    sealedError: { keyEnvelope: sealer.keyEnvelope, sealed: sealed.toString('base64url') },
  };
}

/**
 * Holds a result against the one before; keeps what is new in files that nothing names yet, and
 * changes the state in memory. `RegisteredShelf.keepState` makes it count.
 * @throws ConduitError KEY_COLUMN_MISSING, SPOOL_FULL
 */
export async function concludeRun(
  shelf: RegisteredShelf,
  held: HeldQuery,
  run: number,
  answer: Success,
  keyColumns: readonly string[] | undefined,
): Promise<Facts> {
  const { text, rows, parameters } = answer;
  const { state, definition } = held;
  const id = definition.registeredId;
  const hash = createHmac('sha256', shelf.folder.hashKey(id))
    .update(JSON.stringify(parameters))
    .update('\n')
    .update(text)
    .digest('base64');
  const counts = { hash, rows, size: text.length };
  if (hash === state.hash && state.changedRun > 0) return { outcome: 'unchanged', ...counts };
  const index = await indexRows(text, keyColumns);
  const before = await indexBefore(shelf, held);
  const changes = before && (await changesOf(before, index, text));
  await keepFiles(shelf, held, run, answer, index, changes);
  const basis = changes ? state.changedRun : 0;
  const deltaRuns = changes ? [...state.deltaRuns, run] : [];
  Object.assign(state, {
    hash,
    changedRun: run,
    deltaRuns: deltaRuns.slice(-registeredLimits.deltas),
  });
  return {
    outcome: 'changed',
    ...counts,
    basis,
    ...(changes && { added: changes.added, changed: changes.changed, removed: changes.removed }),
  };
}

async function indexBefore(
  shelf: RegisteredShelf,
  { state, definition }: HeldQuery,
): Promise<RowIndex | undefined> {
  if (state.changedRun === 0) return undefined;
  const name = runFiles.index(state.changedRun);
  const bytes = await shelf.folder.read(definition.registeredId, name);
  return bytes ? readIndex(bytes) : undefined;
}

async function keepFiles(
  shelf: RegisteredShelf,
  held: HeldQuery,
  run: number,
  { text, rows, parameters }: Success,
  index: RowIndex,
  changes: RowChanges | undefined,
): Promise<void> {
  const id = held.definition.registeredId;
  const sealer = sealerFor(held, run);
  const { pageEncoding } = held.definition;
  const frame = async (page: RunPart, plain: Buffer, rowCount = 0): Promise<Buffer[]> => {
    const place = { page, rowsStart: 0, rowsEnd: rowCount - 1 };
    return encodePage(await sealText(sealer, place, plain, pageEncoding));
  };
  const outcome = Buffer.from(JSON.stringify({ rows, size: text.length, parameters }));
  const head = await frame(runParts.outcome, outcome);
  const whole = [...head, ...(await frame(runParts.rows, text, rows))];
  await shelf.folder.write(id, runFiles.index(run), await writeIndex(index), true);
  await shelf.folder.write(id, runFiles.rows(run), withEnvelope(sealer, whole), true);
  if (!changes) return;
  const delta = await frame(runParts.delta, changes.text);
  await shelf.folder.write(id, runFiles.delta(run), withEnvelope(sealer, delta), true);
}

/** A kept part of a run: the envelope's line, then its frames. */
function withEnvelope({ keyEnvelope }: ResultSealer, frames: Buffer[]): Buffer {
  return Buffer.concat([Buffer.from(`${keyEnvelope}\n`), ...frames]);
}

/** @returns the envelope, and the frames as they go over the link */
export function splitEnvelope(kept: Buffer): { keyEnvelope: string; frames: Buffer } {
  const end = kept.indexOf('\n');
  return { keyEnvelope: kept.toString('latin1', 0, end), frames: kept.subarray(end + 1) };
}
