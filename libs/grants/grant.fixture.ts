/** Grants and approvers for tests: valid unless told otherwise. */
import { generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';

import type { Grant } from '#libs/grants/grant.js';
import { approverIdOf, keyThumbprint } from '#libs/grants/key-thumbprint.js';
import type { Ed25519Approver } from '#libs/grants/approver.js';
import { rawPublicKey } from '#libs/pki/keys.js';

/** A moment inside the fixture grant's term: Wednesday 2026-03-04 10:00 in Sydney. */
export const aMomentInForce = Date.parse('2026-03-03T23:00:00.000Z');

export function aGrant(changes: Partial<Grant> = {}): Grant {
  return {
    type: 'conduit-grant-v1',
    grantId: randomUUID(),
    seq: 1,
    epoch: 1,
    practiceId: 'practice-1',
    siteIds: ['site-1'],
    agentKeyThumbprints: [keyThumbprint(Buffer.alloc(32, 7))],
    integratorId: 'integrator-1',
    integratorKeyThumbprints: [],
    scopes: ['sql:read', 'procedure:BookAppointment'],
    catalogues: ['Patients'],
    purposes: ['PATADMIN'],
    limits: { rows: 10_000, concurrency: 4, perMinute: 600 },
    encryptionMode: 'edge',
    notBefore: '2026-01-01T00:00:00.000Z',
    expires: '2026-12-31T00:00:00.000Z',
    countries: ['AU'],
    ...changes,
  };
}

export interface AnApprover {
  approver: Ed25519Approver;
  privateKey: KeyObject;
}

export function anApprover(name = 'Practice owner'): AnApprover {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = rawPublicKey(publicKey);
  return {
    privateKey,
    approver: {
      approverId: approverIdOf(raw),
      kind: 'ed25519',
      publicKey: raw.toString('base64url'),
      name,
      addedAt: '2026-01-01T00:00:00.000Z',
    },
  };
}
