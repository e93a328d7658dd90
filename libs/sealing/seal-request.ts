/**
 * Requests that wait: sealed to the agent's encryption key as soon as they are validated, opened
 * at the practice. Whoever holds the store, the queue and every secret of the broker reads nothing.
 */
import type { KeyObject } from 'node:crypto';
import { hpkeOpen, hpkeSeal } from '#libs/sealing/hpke.js';
import { sealContext } from '#libs/sealing/seal-context.js';

/** What a request says of itself beside its body; a request moved to another one does not open. */
export interface RequestContext {
  queryId: string;
  siteId: string;
  integratorId: string;
  /** Of the API key that asked. */
  keyId: string;
  /** Raw X25519, base64url: who will open the result. */
  resultKey: string;
  idempotencyKey: string;
}

function contextBytes(context: RequestContext): Buffer {
  const { queryId, siteId, integratorId, keyId, resultKey, idempotencyKey } = context;
  const fields = [queryId, siteId, integratorId, keyId, resultKey, idempotencyKey];
  return sealContext('conduit request v1', ...fields);
}

/**
 * @param agentKey raw X25519, base64url
 * @param body the caller's body, as it came
 * @returns `enc ‖ ciphertext ‖ tag` (RFC 9180 §6.1): 48 bytes more than the body
 * @throws ConduitError SEAL_BROKEN when `agentKey` is no public key
 */
export function sealRequest(agentKey: string, context: RequestContext, body: Buffer): Buffer {
  return hpkeSeal(Buffer.from(agentKey, 'base64url'), contextBytes(context), body);
}

/** @throws ConduitError SEAL_BROKEN for another key, another context or any changed byte */
export function openRequest(
  privateKey: KeyObject,
  context: RequestContext,
  sealed: Buffer,
): Buffer {
  return hpkeOpen(privateKey, contextBytes(context), sealed);
}
