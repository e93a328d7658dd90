/** What an answer names in its headers for later questions, so that its error body can name it too. */
import type { FastifyReply } from 'fastify';

/** Name of the header, in requests and in answers. */
export const WRITE_KEY_HEADER = 'Idempotency-Key';
/** The id by which the record of what was done is found in the audit log, with its proof. */
export const RECEIPT_HEADER = 'Conduit-Receipt';

export interface AnsweredNames {
  /** Of what may have been a write: with it the caller can ask what became of it. */
  idempotencyKey?: string;
  receipt?: string;
}

export function answeredNames(reply: FastifyReply): AnsweredNames {
  const key = reply.getHeader(WRITE_KEY_HEADER);
  const receipt = reply.getHeader(RECEIPT_HEADER);
  return {
    ...(typeof key === 'string' && { idempotencyKey: key }),
    ...(typeof receipt === 'string' && { receipt }),
  };
}
