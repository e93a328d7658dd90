/**
 * NDJSON from the agent to the caller, byte for byte: a fragment is taken from the link when the
 * caller's socket has room for it, so a slow reader slows the database and nothing else. The agent
 * writes `$columns`, `$set`, `$end` and `$error` lines; the broker adds one only when the link broke.
 */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import { NDJSON_TYPE } from '#apps/broker/src/queries/answer-options.js';
import { haloError } from '#apps/broker/src/edge/error-body.js';
import { ConduitError, toConduitError } from '#libs/errors/conduit-error.js';

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
  try {
    await pass(rows, raw);
    raw.end();
    return undefined;
  } catch (thrown) {
    const error = forCaller(toConduitError(thrown));
    // Inside brotli a line of ours would be noise: a cut is the only clear sign left.
    if (rows.compressed || raw.destroyed) raw.destroy();
    else raw.end(`${JSON.stringify({ $error: haloError(error, requestId) })}\n`);
    return error;
  }
}

async function pass({ first, rest }: RowStream, raw: ServerResponse): Promise<void> {
  let fragment: Buffer | undefined = first;
  while (fragment) {
    if (raw.destroyed) throw new ConduitError('CLIENT_GONE');
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
