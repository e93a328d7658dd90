/**
 * Whose signature counts on this server. The first approver is a key made here; passkeys are
 * admitted on this machine, and no message admits one. The list is a file of its own.
 */
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { join } from 'node:path';

import { ConduitError } from '#libs/errors/conduit-error.js';
import { approverIdOf } from '#libs/grants/key-thumbprint.js';
import { isApprover, type Approver, type PasskeyApprover } from '#libs/grants/approver.js';
import { oneByOne } from '#libs/kernel/turns.js';
import { readIfThere, writeDurably } from '#apps/agent/src/grants/durable-file.js';
import { beginGrantFile } from '#apps/agent/src/grants/grant-file.js';
import { rawPublicKey } from '#libs/pki/keys.js';

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
  private readonly inTurn = oneByOne();

  private constructor(
    private readonly folder: string,
    private byId: ReadonlyMap<string, Approver>,
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
    if (!this.byId.has(approverId))
      await this.change((approvers) =>
        approvers.set(approverId, {
          approverId,
          kind: 'ed25519',
          publicKey: raw.toString('base64url'),
          name: 'Key of this server',
          addedAt: new Date().toISOString(),
        }),
      );
    return { approverId, privateKey };
  }

  /** Its signature counts from here on; on disk when this resolves. */
  async admit(passkey: PasskeyApprover): Promise<void> {
    await beginGrantFile(this.folder);
    await this.change((approvers) => approvers.set(passkey.approverId, passkey));
  }

  /** Its signature counts for nothing from here on. */
  async remove(approverId: string): Promise<void> {
    await this.change((approvers) => approvers.delete(approverId));
  }

  /** In turn: of two changes at once neither is lost. */
  private change(edit: (approvers: Map<string, Approver>) => void): Promise<void> {
    return this.inTurn(async () => {
      const approvers = new Map(this.byId);
      edit(approvers);
      const text = JSON.stringify([...approvers.values()], undefined, 2);
      await writeDurably(join(this.folder, 'approvers.json'), `${text}\n`);
      this.byId = approvers;
    });
  }
}
