/**
 * NDJSON from the agent to the caller, byte for byte: a fragment is taken from the link when the
 * caller's socket has room for it, so a slow reader slows the database and nothing else. The agent
 * writes `$columns`, `$set`, `$end` and `$error` lines; the broker adds one only when the link broke.
 */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import { NDJSON_TYPE } from '#apps/broker/src/queries/answer-options.js';
import { answeredNames } from '#apps/broker/src/edge/answered-names.js';
import { haloError } from '#apps/broker/src/edge/error-body.js';
import { ConduitError, toConduitError } from '#libs/errors/conduit-error.js';

const NEWLINE = 0x0a;

export interface RowStream {
  /** First fragment, already taken: its failure could still be a true status. */
  first: Buffer;
  rest: AsyncIterator<Buffer>;
  /** Whether the bytes are brotli that the caller decodes. */
  compressed: boolean;
}

/**
 * Answers 200 and streams to the end.
 * @returns undefined when all went through, else why it did not
 */
export async function streamRows(
  rows: RowStream,
  reply: FastifyReply,
  requestId: string,
  forCaller: (error: ConduitError) => ConduitError,
): Promise<ConduitError | undefined> {
  const { raw } = reply;
  reply.hijack();
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    'Content-Type': NDJSON_TYPE,
    'Cache-Control': 'no-store',
    Vary: 'Accept, Accept-Encoding',
    ...(rows.compressed && { 'Content-Encoding': 'br' }),
  });
  const sent = { byte: NEWLINE };
  try {
    await pass(rows, raw, sent);
    raw.end();
    return undefined;
  } catch (thrown) {
    const error = forCaller(toConduitError(thrown));
    // Inside brotli a line of ours would be noise: a cut is the only clear sign left.
    if (rows.compressed || raw.destroyed) raw.destroy();
    else raw.end(errorLine(haloError(error, requestId, answeredNames(reply)), sent.byte));
    return error;
  }
}

/** Fragments end anywhere: a row that was cut must not swallow the line that says so. */
function errorLine(error: object, lastByte: number): string {
  const line = `${JSON.stringify({ $error: error })}\n`;
  return lastByte === NEWLINE ? line : `\n${line}`;
}

/** @param sent keeps the last byte that the caller got */
async function pass(
  { first, rest }: RowStream,
  raw: ServerResponse,
  sent: { byte: number },
): Promise<void> {
  let fragment: Buffer | undefined = first;
  while (fragment) {
    if (raw.destroyed) throw new ConduitError('CLIENT_GONE');
    sent.byte = fragment.at(-1) ?? sent.byte;
    if (!raw.write(fragment)) await roomOrGone(raw);
    const next: IteratorResult<Buffer> = await rest.next();
    fragment = next.done === true ? undefined : next.value;
  }
}

async function roomOrGone(raw: ServerResponse): Promise<void> {
  if (!raw.writableNeedDrain || raw.destroyed) return;
  const stop = new AbortController();
  const options = { signal: stop.signal };
  const ignore = () => undefined;
  await Promise.race([once(raw, 'drain', options), once(raw, 'close', options)]).catch(ignore);
  stop.abort();
}
