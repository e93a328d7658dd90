/** What the waiting pages of one site may take: a little memory, then files up to the site's cap. */
import { ConduitError } from '#libs/errors/conduit-error.js';
import { PageSpool } from '#apps/agent/src/spool/page-spool.js';
import type { SpoolFolder } from '#apps/agent/src/spool/spool-folder.js';

export interface SpoolLimits {
  /** Bytes in files. */
  maxSpoolBytes: number;
  /** Milliseconds after which a result that was not taken is destroyed. */
  maxSpoolMs: number;
}

interface Patience {
  /** Sealed bytes of the site in memory; a run without any page waiting may always hold one. */
  memoryBytes: number;
  /** How long a full spool may stay without a page being taken, milliseconds. */
  fullMs: number;
}

const PATIENCE: Patience = { memoryBytes: 8 * 1024 * 1024, fullMs: 30_000 };

export class SiteSpool {
  private readonly used = { memory: 0, files: 0 };
  private frees = 0;
  private readonly onFreed = new Set<() => void>();
  private readonly patience: Patience;

  constructor(
    readonly folder: SpoolFolder,
    private readonly limits: SpoolLimits,
    patience: Partial<Patience> = {},
  ) {
    this.patience = { ...PATIENCE, ...patience };
  }

  /** Sealed bytes that wait in files. */
  get fileBytes(): number {
    return this.used.files;
  }

  /** For the pages of one result. */
  open(): PageSpool {
    return new PageSpool(this, this.limits.maxSpoolMs);
  }

  /** @returns whether the memory is taken; without `force` only within the budget */
  takeMemory(bytes: number, force: boolean): boolean {
    if (!force && this.used.memory + bytes > this.patience.memoryBytes) return false;
    this.used.memory += bytes;
    return true;
  }

  freeMemory(bytes: number): void {
    this.used.memory -= bytes;
    this.tellFreed();
  }

  /**
   * @returns the name of the page's file, or undefined when there is no room for it just now
   * @throws ConduitError SPOOL_FULL when the disk refuses what the site's cap would allow
   */
  async write(sealed: Buffer): Promise<string | undefined> {
    const bytes = sealed.length;
    if (this.used.files + bytes > this.limits.maxSpoolBytes) return undefined;
    this.used.files += bytes;
    if (!(await this.folder.hasRoom(bytes))) {
      // Nothing was freed that anybody could use: telling would keep two that wait awake.
      this.used.files -= bytes;
      return undefined;
    }
    const name = await this.folder.write(sealed);
    if (name !== undefined) return name;
    this.freeFile(bytes);
    throw new ConduitError('SPOOL_FULL');
  }

  freeFile(bytes: number): void {
    this.used.files -= bytes;
    this.tellFreed();
  }

  /** Grows each time that anything is freed. */
  get freedCount(): number {
    return this.frees;
  }

  /**
   * Resolves when anything has been freed since the count was `seen`.
   * @throws ConduitError SPOOL_FULL when nothing is for too long
   */
  async freedSince(seen: number): Promise<void> {
    if (this.frees !== seen) return;
    await new Promise<void>((resolve, reject) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.onFreed.delete(finish);
        resolve();
      };
      const timer = setTimeout(() => {
        this.onFreed.delete(finish);
        reject(new ConduitError('SPOOL_FULL'));
      }, this.patience.fullMs);
      this.onFreed.add(finish);
    });
  }

  /** Lets those that wait look again. */
  tellFreed(): void {
    this.frees += 1;
    for (const resume of [...this.onFreed]) resume();
  }
}
