/**
 * The spool: sealed result pages that wait on disk because the line takes them more slowly than the
 * database gives them. Only the caller's key opens a page, and what a page was sealed with is in
 * memory alone, so a file that outlives its process is noise; it is treated as secret all the same.
 * Nothing is kept across a start, and a disk that is full or broken fails a query, never the agent.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { open, readFile, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';

export class SpoolFolder {
  private constructor(
    private readonly folder: string,
    private readonly keepFreeBytes: number,
  ) {}

  /**
   * Destroys whatever an earlier process left.
   * @param keepFreeBytes the disk is the practice's: it is never filled beyond this
   */
  static emptied(stateFolder: string, keepFreeBytes: number): SpoolFolder {
    const folder = join(stateFolder, 'spool');
    try {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    } catch {
      // A disk that takes nothing shows at the first page that has to wait.
    }
    return new SpoolFolder(folder, keepFreeBytes);
  }

  /** Whether the disk can take this much and keep what is to stay free. */
  async hasRoom(bytes: number): Promise<boolean> {
    try {
      const { bavail, bsize } = await statfs(this.folder);
      return bavail * bsize - bytes >= this.keepFreeBytes;
    } catch {
      return false;
    }
  }

  /** @returns the file's name, or undefined when the disk did not take it; nothing is left then */
  async write(sealed: Buffer): Promise<string | undefined> {
    const name = join(this.folder, `${randomUUID()}.page`);
    try {
      const file = await open(name, 'wx', 0o600);
      try {
        await file.writeFile(sealed);
      } finally {
        await file.close();
      }
      return name;
    } catch {
      await this.remove(name);
      return undefined;
    }
  }

  /** The page, or undefined when it is not there any more; the file is gone afterwards. */
  async take(name: string): Promise<Buffer | undefined> {
    const sealed = await readFile(name).catch(() => undefined);
    await this.remove(name);
    return sealed;
  }

  /** Never rejects: what cannot be removed now is removed at the next start. */
  remove(name: string): Promise<void> {
    return rm(name, { force: true }).catch(() => undefined);
  }
}
