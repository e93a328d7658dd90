/**
 * Whose signature counts on this server. The first approver is a key made here; later ones are
 * admitted on this machine. The list is a file of its own and no message changes it.
 */
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { join } from 'node:path';

import { ConduitError } from '#libs/errors/conduit-error.js';
import { firstWrongField, instant, matches, oneOf, type Shape } from '#libs/grants/field-checks.js';
import { approverIdOf } from '#libs/grants/key-thumbprint.js';
import type { Approver } from '#libs/grants/approver.js';
import { readIfThere, writeDurably } from '#apps/agent/src/grants/durable-file.js';
import { beginGrantFile } from '#apps/agent/src/grants/grant-file.js';
import { rawPublicKey } from '#libs/pki/keys.js';

const approverShape: Shape = {
  required: {
    approverId: matches(/^ap-[0-9a-f]{32}$/),
    kind: oneOf(['ed25519']),
    publicKey: matches(/^[A-Za-z0-9_-]{43}$/),
    name: matches(/^[^\p{C}]{1,100}$/u),
    addedAt: instant,
  },
};

/** The id is the key's own: an entry whose id belongs to another key is not one. */
function isApprover(value: unknown): value is Approver {
  if (firstWrongField(value, approverShape) !== undefined) return false;
  const { approverId, publicKey } = value as Approver;
  return approverIdOf(Buffer.from(publicKey, 'base64url')) === approverId;
}

function readApprovers(text: string): Approver[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ConduitError('GRANT_STORE_DAMAGED', { cause, facts: { reason: 'approvers.json' } });
  }
  if (!Array.isArray(value) || !value.every(isApprover))
    throw new ConduitError('GRANT_STORE_DAMAGED', { facts: { reason: 'approvers.json' } });
  return value;
}

export interface LocalApprover {
  approverId: string;
  privateKey: KeyObject;
}

export class ApproverStore {
  private constructor(
    private readonly folder: string,
    private readonly byId: Map<string, Approver>,
  ) {}

  /** @throws ConduitError GRANT_STORE_DAMAGED when the list is there but not right */
  static async open(stateFolder: string): Promise<ApproverStore> {
    const text = await readIfThere(join(stateFolder, 'approvers.json'));
    const approvers = text === undefined ? [] : readApprovers(text);
    return new ApproverStore(
      stateFolder,
      new Map(approvers.map((approver) => [approver.approverId, approver])),
    );
  }

  get approvers(): ReadonlyMap<string, Approver> {
    return this.byId;
  }

  /** The key of this machine, made and admitted at first need. */
  async local(): Promise<LocalApprover> {
    const keyFile = join(this.folder, 'approver.key');
    let pem = await readIfThere(keyFile);
    if (pem === undefined) {
      await beginGrantFile(this.folder);
      const { privateKey } = generateKeyPairSync('ed25519');
      pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
      await writeDurably(keyFile, pem);
    }
    const privateKey = createPrivateKey(pem);
    const raw = rawPublicKey(privateKey);
    const approverId = approverIdOf(raw);
    if (!this.byId.has(approverId)) await this.admit(approverId, raw);
    return { approverId, privateKey };
  }

  private async admit(approverId: string, raw: Uint8Array): Promise<void> {
    this.byId.set(approverId, {
      approverId,
      kind: 'ed25519',
      publicKey: Buffer.from(raw).toString('base64url'),
      name: 'Key of this server',
      addedAt: new Date().toISOString(),
    });
    const text = JSON.stringify([...this.byId.values()], undefined, 2);
    await writeDurably(join(this.folder, 'approvers.json'), `${text}\n`);
  }
}
