/**
 * A small disk of its own (a tmpfs) that can be filled to the last byte and freed again. Only root on
 * Linux can mount one; anywhere else there is none.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, symlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** More than the agent's journal wants to see free, so that it is content until the disk is filled. */
const SIZE = '320m';
const PIECES = [4_194_304, 65_536, 4_096, 1];
const TOP_UP_MS = 20;

export class SmallDisk {
  private topUp: NodeJS.Timeout | undefined;

  private constructor(readonly folder: string) {}

  /** @returns undefined where nothing can be mounted */
  static mount(): SmallDisk | undefined {
    const folder = mkdtempSync(join(tmpdir(), 'conduit-disk-'));
    const options = `size=${SIZE},mode=0700`;
    if (ran('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder])) return new SmallDisk(folder);
    rmSync(folder, { recursive: true });
    return undefined;
  }

  /** What is put at `path` lies on this disk. */
  appearAt(path: string): void {
    symlinkSync(this.folder, path, 'dir');
  }

  /** Full until free() is called: what a program gives back is taken at once. */
  fill(): void {
    this.fillUp();
    this.topUp ??= setInterval(() => this.fillUp(), TOP_UP_MS);
  }

  free(): void {
    clearInterval(this.topUp);
    this.topUp = undefined;
    rmSync(this.filling, { force: true });
  }

  unmount(): void {
    this.free();
    ran('umount', ['-l', this.folder]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private get filling(): string {
    return join(this.folder, 'filling');
  }

  private fillUp(): void {
    const file = openSync(this.filling, 'a', 0o600);
    try {
      for (const bytes of PIECES) writeWhileRoom(file, Buffer.alloc(bytes));
    } finally {
      closeSync(file);
    }
  }
}

function writeWhileRoom(file: number, piece: Buffer): void {
  try {
    while (writeSync(file, piece) === piece.length);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

const ran = (command: string, args: string[]): boolean =>
  spawnSync(command, args, { stdio: 'ignore' }).status === 0;
