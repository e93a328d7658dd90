/** Writes what a handler returned onto its stream, at the pace of the caller. */
import { StreamedReply } from '#libs/link/link-reply.js';
import { isPlainObject } from '#libs/link/link-request.js';
import type { LinkStream } from '#libs/link/link-stream.js';

/**
 * @param result a plain object or undefined (one END), or a StreamedReply
 * @throws TypeError for any other result, and whatever the reply's body or `end` throws
 */
export async function sendReply(stream: LinkStream, result: unknown): Promise<void> {
  if (result instanceof StreamedReply) return sendStreamed(stream, result);
  if (result !== undefined && !isPlainObject(result)) {
    throw new TypeError('a handler must return an object');
  }
  stream.sendEnd(Buffer.from(JSON.stringify(result ?? {})));
}

async function sendStreamed(stream: LinkStream, reply: StreamedReply): Promise<void> {
  if (stream.isOver) return closeUnread(reply);
  if (reply.head !== undefined) stream.sendHead(Buffer.from(JSON.stringify(reply.head)));
  for await (const bytes of reply.body ?? []) {
    if (!stream.sendBody(bytes)) await stream.drained();
    // Leaving the loop closes the body, and with it whatever feeds it.
    if (stream.isOver) return;
  }
  stream.sendEnd(Buffer.from(JSON.stringify(await reply.end())));
}

async function closeUnread(reply: StreamedReply): Promise<void> {
  await reply.body?.[Symbol.asyncIterator]().return?.();
}
