/** The key of the agent's own log: it signs the log's heads and nothing else. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

import type { AgentIdentity } from '#apps/agent/src/identity/agent-identity.js';
import { agentLogOrigin } from '#libs/audit/agent-log-key.js';
import type { NoteKey } from '#libs/audit/signed-note.js';
import { makeIdentityKey } from '#libs/pki/keys.js';

export interface LogSigner {
  /** The log's name. */
  origin: string;
  privateKey: KeyObject;
}

/** The signer of this identity, made when there is none: one enrolled anew goes on under another name and key. */
export async function openLogSigner({ folder, facts }: AgentIdentity): Promise<LogSigner> {
  const { trustDomain, agentId } = facts;
  const origin = agentLogOrigin(trustDomain, agentId);
  const kept = await folder.read('log');
  if (kept) return { origin, privateKey: createPrivateKey(kept.privateKey) };
  const { privateKey } = makeIdentityKey();
  await folder.write('log', {
    privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
  });
  return { origin, privateKey };
}

export const verifierOf = ({ origin, privateKey }: LogSigner): NoteKey => ({
  name: origin,
  type: 'ed25519',
  publicKey: createPublicKey(privateKey),
});
