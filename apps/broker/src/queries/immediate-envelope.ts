/**
 * The envelope of a successful immediate query. The agent's JSON text goes in as base64 and is
 * never parsed here: a small one in one piece, a large one in chunks, each byte copied once.
 */
import type { QueryEntry } from '#apps/broker/src/queries/query-ledger.js';
import { immediateTiming, queryHead } from '#apps/broker/src/queries/query-view.js';
import type { ColumnFacts, RunQueryEnd, RunQueryHead } from '#libs/contracts/link-messages.js';

/** Below this one string is cheaper than a stream. */
const ONE_PIECE_BYTES = 64 * 1024;

const BASE64_GROUP = 3;

export interface Envelope {
  /** Bytes of the whole. */
  length: number;
  pieces: Iterable<string>;
}

/**
 * @param text the agent's row text, whole, in the buffers in which it came
 * @param columns of the first set, or of all sets, when they were asked for
 */
export function immediateEnvelope(
  entry: QueryEntry,
  end: RunQueryEnd,
  text: readonly Buffer[],
  columns: ColumnFacts[] | ColumnFacts[][] | undefined,
): Envelope {
  const [before, after] = frame(entry, end, columns);
  const textBytes = text.reduce((sum, chunk) => sum + chunk.length, 0);
  const dataLength = Math.ceil(textBytes / BASE64_GROUP) * 4;
  const length = Buffer.byteLength(before) + dataLength + Buffer.byteLength(after);
  if (textBytes <= ONE_PIECE_BYTES) {
    const whole = text.length === 1 ? (text[0] as Buffer) : Buffer.concat(text);
    return { length, pieces: [before + whole.toString('base64') + after] };
  }
  return { length, pieces: inPieces(before, text, after) };
}

/** What comes before and after the base64 text. */
function frame(
  entry: QueryEntry,
  end: RunQueryEnd,
  columns: ColumnFacts[] | ColumnFacts[][] | undefined,
): [string, string] {
  const head = JSON.stringify({
    ...queryHead(entry),
    mode: 'immediate',
    statusTiming: immediateTiming(entry),
    metrics: { sqlExecutionDuration: entry.sqlExecutionMs ?? 0 },
    resultSize: entry.resultBytes ?? 0,
  });
  const extra =
    (Array.isArray(end.parameters) && end.parameters.length > 0
      ? `,"parameters":${JSON.stringify(end.parameters)}`
      : '') + (columns ? `,"columns":${JSON.stringify(columns)}` : '');
  const open = `${head.slice(0, -1)},"result":{`;
  const size = `"size":${entry.resultBytes ?? 0}`;
  if (entry.rowsAffected !== undefined) {
    return [`${open}"rowsAffected":${entry.rowsAffected},${size}${extra}`, '}}'];
  }
  return [`${open}"rows":${entry.rows ?? 0},${size}${extra},"data":"`, '"}}'];
}

function* inPieces(before: string, text: readonly Buffer[], after: string): Generator<string> {
  yield before;
  let rest: Buffer = Buffer.alloc(0);
  for (const chunk of text) {
    const joined = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const whole = joined.length - (joined.length % BASE64_GROUP);
    yield joined.toString('base64', 0, whole);
    rest = joined.subarray(whole);
  }
  yield rest.toString('base64') + after;
}

/** Columns as the caller asked for them, wherever the agent put them. */
export function columnsOf(
  head: RunQueryHead | undefined,
  end: RunQueryEnd,
): ColumnFacts[] | ColumnFacts[][] | undefined {
  return end.columnsOfSets ?? head?.columns;
}
