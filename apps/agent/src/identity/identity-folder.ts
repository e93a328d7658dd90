/**
 * What an agent is, on disk: `<state folder>/identity`, 0700, files 0600, each file replaced as a
 * whole. A new identity is prepared in a folder beside it and moved into place by one rename, so
 * that a machine switched off at any moment has the old identity or the new one.
 * On Windows the seam for DPAPI is `writeDurably` and `readIfThere`: wrap and unwrap there.
 */
import { chmod, mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfThere, syncFolder, writeDurably } from '#apps/agent/src/grants/durable-file.js';
import type { SiteToServe } from '#libs/contracts/enrolment.js';

/** `identity.json`: written once, when the agent enrols; `linkUrl` and `sites` again at recovery. */
export interface IdentityRecord {
  agentId: string;
  practiceId: string;
  trustDomain: string;
  brokerUrl: string;
  linkUrl: string;
  sites: SiteToServe[];
  /** The public part of the code that it came from, to know it again; used up long since. */
  codeId?: string;
  /** PEM of the device CA: the only authority that counts on the link. */
  authority: string;
  /** PEM, PKCS #8: K_id, Ed25519. */
  identityKey: string;
}

/** `tls.json`: certificate and key always change together. */
export interface TlsRecord {
  /** PEM */
  certificate: string;
  /** PEM, PKCS #8 */
  privateKey: string;
}

export interface EncryptionKeyRecord {
  /** Raw X25519, base64url. */
  publicKey: string;
  /** PEM, PKCS #8 */
  privateKey: string;
  /** Milliseconds since the epoch. */
  madeMs: number;
  /** Since when the broker names another key; decrypts for 7 days more. */
  retiredMs?: number;
}

/** `encryption.json`. `next` is on disk before the broker hears of it. */
export interface EncryptionRecord {
  keys: EncryptionKeyRecord[];
  next?: EncryptionKeyRecord;
}

/** `join.json` */
export interface JoinRecord {
  sequence: number;
  /** Drawn for this join, kept when it is tried again. */
  joinId: string;
  /** Whether the broker has answered this join. */
  acknowledged: boolean;
}

/** `log.json`: the key of the agent's own audit log. */
export interface LogRecord {
  /** PEM, PKCS #8: Ed25519. */
  privateKey: string;
}

/** `pending.json`, in a folder that is being prepared. */
export interface PendingRecord {
  codeId: string;
  identityKey: string;
}

interface Records {
  identity: IdentityRecord;
  tls: TlsRecord;
  encryption: EncryptionRecord;
  join: JoinRecord;
  log: LogRecord;
  pending: PendingRecord;
}

const currentName = 'identity';
const nextName = 'identity.next';
const oldName = 'identity.old';

export class IdentityFolder {
  private constructor(
    private readonly stateFolder: string,
    private readonly path: string,
  ) {}

  /** The identity in force, or undefined when the agent never enrolled. Ends an interrupted move. */
  static async open(stateFolder: string): Promise<IdentityFolder | undefined> {
    const current = new IdentityFolder(stateFolder, join(stateFolder, currentName));
    if (!(await isFolder(current.path))) {
      const next = new IdentityFolder(stateFolder, join(stateFolder, nextName));
      if (!(await next.read('identity'))) return undefined;
      await rename(next.path, current.path);
      await syncFolder(stateFolder);
    }
    await chmod(current.path, 0o700);
    return current;
  }

  /** The folder in which a new identity is prepared; what an interrupted enrolment left is still there. */
  static async prepare(stateFolder: string): Promise<IdentityFolder> {
    const next = new IdentityFolder(stateFolder, join(stateFolder, nextName));
    await mkdir(next.path, { recursive: true, mode: 0o700 });
    await chmod(next.path, 0o700);
    return next;
  }

  /** Empties a prepared folder: another enrolment starts. */
  async clear(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
    await mkdir(this.path, { mode: 0o700 });
  }

  /** Puts a prepared identity in force. */
  async adopt(): Promise<void> {
    const current = join(this.stateFolder, currentName);
    const old = join(this.stateFolder, oldName);
    await rm(join(this.path, 'pending.json'), { force: true });
    await rm(old, { recursive: true, force: true });
    if (await isFolder(current)) await rename(current, old);
    await rename(this.path, current);
    await syncFolder(this.stateFolder);
    await rm(old, { recursive: true, force: true });
  }

  async read<K extends keyof Records>(name: K): Promise<Records[K] | undefined> {
    const text = await readIfThere(join(this.path, `${name}.json`));
    return text === undefined ? undefined : (JSON.parse(text) as Records[K]);
  }

  /** On disk when it resolves. */
  write<K extends keyof Records>(name: K, record: Records[K]): Promise<void> {
    return writeDurably(join(this.path, `${name}.json`), JSON.stringify(record));
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
}
