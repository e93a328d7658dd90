/** The Idempotency-Key that an answer names, so that its error body can name it too. */
import type { FastifyReply } from 'fastify';

/** Name of the header, in requests and in answers. */
export const WRITE_KEY_HEADER = 'Idempotency-Key';

export function answeredKey(reply: FastifyReply): string | undefined {
  const key = reply.getHeader(WRITE_KEY_HEADER);
  return typeof key === 'string' ? key : undefined;
}
