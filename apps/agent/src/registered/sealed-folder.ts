/**
 * `<state folder>/registered`: a folder for each registered query, every file encrypted under a key
 * of this machine that lies beside it (0600). That keeps statements and row keys out of backups of
 * single files, file indexes and curious eyes; who owns the agent's account owns the key too, as the
 * database login beside it. A file is the old one or the new one, whatever happens in between; one
 * that does not open counts as none. All together they stay below a cap.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { writeDurably } from '#apps/agent/src/grants/durable-file.js';

const KEY_FILE = 'storage.key';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const DRAFT = '.new';
/** A registered query's id: nothing else may become a path. */
const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export class SealedFolder {
  private readonly sizes = new Map<string, number>();
  private usedBytes = 0;

  private constructor(
    private readonly path: string,
    private readonly key: Buffer,
    private readonly maxBytes: number,
  ) {}

  static async open(stateFolder: string, maxBytes: number): Promise<SealedFolder> {
    const path = join(stateFolder, 'registered');
    await mkdir(path, { recursive: true, mode: 0o700 });
    const folder = new SealedFolder(path, await storageKey(path), maxBytes);
    await folder.measure();
    return folder;
  }

  get bytes(): number {
    return this.usedBytes;
  }

  /** Ids of all registered queries that have a folder. */
  ids(): string[] {
    return [...new Set([...this.sizes.keys()].map((name) => name.split('/')[0] ?? ''))];
  }

  names(id: string): string[] {
    const start = `${id}/`;
    return [...this.sizes.keys()]
      .filter((name) => name.startsWith(start))
      .map((name) => name.slice(start.length));
  }

  /** Undefined when there is none, or it does not open. */
  async read(id: string, name: string): Promise<Buffer | undefined> {
    try {
      return this.decrypt(`${id}/${name}`, await readFile(this.place(id, name)));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EMFILE' || code === 'EIO') throw error;
      return undefined;
    }
  }

  /**
   * @param durable on disk when it resolves; otherwise it survives this process, not a power cut
   * @throws ConduitError SPOOL_FULL
   */
  async write(id: string, name: string, plain: Buffer, durable: boolean): Promise<void> {
    const place = this.place(id, name);
    const sealed = this.encrypt(`${id}/${name}`, plain);
    const more = sealed.length - (this.sizes.get(`${id}/${name}`) ?? 0);
    if (more > 0 && this.usedBytes + more > this.maxBytes) throw new ConduitError('SPOOL_FULL');
    try {
      await mkdir(join(this.path, id), { recursive: true, mode: 0o700 });
      if (durable) await writeDurably(place, sealed);
      else await replace(place, sealed);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOSPC' || code === 'EDQUOT') throw new ConduitError('SPOOL_FULL');
      throw error;
    }
    this.sizes.set(`${id}/${name}`, sealed.length);
    this.usedBytes += more;
  }

  async remove(id: string, name: string): Promise<void> {
    await rm(this.place(id, name), { force: true });
    this.forget(`${id}/${name}`);
  }

  async removeAll(id: string): Promise<void> {
    await rm(join(this.path, checked(id)), { recursive: true, force: true });
    for (const name of this.names(id)) this.forget(`${id}/${name}`);
  }

  /** A key of its own for what a registered query's hashes are made with. */
  hashKey(id: string): Buffer {
    return this.derive(`conduit registered hash v1 ${id}`);
  }

  private place(id: string, name: string): string {
    return join(this.path, checked(id), name);
  }

  private forget(name: string): void {
    this.usedBytes -= this.sizes.get(name) ?? 0;
    this.sizes.delete(name);
  }

  private derive(info: string): Buffer {
    return Buffer.from(hkdfSync('sha256', this.key, Buffer.alloc(0), info, KEY_BYTES));
  }

  /** A key for each file, so that its random nonces never come close to their bound. */
  private encrypt(name: string, plain: Buffer): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.fileKey(name), nonce);
    return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  }

  private decrypt(name: string, sealed: Buffer): Buffer {
    const nonce = sealed.subarray(0, NONCE_BYTES);
    const end = sealed.length - TAG_BYTES;
    const decipher = createDecipheriv('aes-256-gcm', this.fileKey(name), nonce);
    decipher.setAuthTag(sealed.subarray(end));
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, end)), decipher.final()]);
  }

  private fileKey(name: string): Buffer {
    return this.derive(`conduit registered file v1 ${name}`);
  }

  /** Also throws away what a crash left half written, and folders that are none of ours. */
  private async measure(): Promise<void> {
    for (const id of await readdir(this.path)) {
      if (!ID.test(id)) continue;
      for (const name of await readdir(join(this.path, id))) {
        const path = join(this.path, id, name);
        if (name.endsWith(DRAFT)) await rm(path, { force: true });
        else {
          const { size } = await stat(path);
          this.sizes.set(`${id}/${name}`, size);
          this.usedBytes += size;
        }
      }
    }
  }
}

function checked(id: string): string {
  if (!ID.test(id)) throw new ConduitError('REQUEST_INVALID', { facts: { field: 'registeredId' } });
  return id;
}

async function storageKey(folder: string): Promise<Buffer> {
  const path = join(folder, KEY_FILE);
  try {
    const key = await readFile(path);
    if (key.length === KEY_BYTES) return key;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  // None, or none that is whole: what was written under it counts as lost.
  const key = randomBytes(KEY_BYTES);
  await writeDurably(path, key);
  return key;
}

async function replace(path: string, content: Buffer): Promise<void> {
  const draft = `${path}${DRAFT}`;
  await writeFile(draft, content, { mode: 0o600 });
  await rename(draft, path);
}
