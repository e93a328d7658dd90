/** How the log of an agent is named, and how its key is bound to the agent: by a signature of K_id. */
import { verify, type KeyObject } from 'node:crypto';

/** `<trust domain>/agent/<agent id>/audit` */
export const agentLogOrigin = (trustDomain: string, agentId: string): string =>
  `${trustDomain}/agent/${agentId}/audit`;

/** What the identity key signs; the first line is that of nothing else it signs. */
export const logKeyBinding = (verifierKey: string): Buffer =>
  Buffer.from(`conduit-agent-log-key/v1\n${verifierKey}\n`);

/** @param signature Ed25519 by the agent's identity key */
export const isLogKeyBound = (
  verifierKey: string,
  signature: Uint8Array,
  identityKey: KeyObject,
): boolean => verify(null, logKeyBinding(verifierKey), identityKey, signature);
