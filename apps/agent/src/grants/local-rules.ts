/**
 * What this machine's own people have set: the ceiling file and the pause flag. Both are plain files,
 * so that they work with no broker, no network and no running agent. Read anew every second; what
 * cannot be read counts as the strictest thing it could say.
 */
import { statSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { closedCeiling, defaultCeiling, parseCeiling, type Ceiling } from '#libs/grants/ceiling.js';
import { syncFolder, writeDurably } from '#apps/agent/src/grants/durable-file.js';

const missing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

export class LocalRules {
  private readonly pauseFile: string;
  private readonly ceilingFile: string;
  private seen = '';
  private isPaused = false;
  private current: Ceiling = closedCeiling;
  private readable = true;

  /** @param stateFolder the agent's own */
  constructor(private readonly stateFolder: string) {
    this.pauseFile = join(stateFolder, 'paused');
    this.ceilingFile = join(stateFolder, 'ceiling.json');
    this.refresh();
  }

  get paused(): boolean {
    return this.isPaused;
  }

  get ceiling(): Ceiling {
    return this.current;
  }

  /** False while the ceiling file cannot be read or understood: nothing is allowed then. */
  get ceilingReadable(): boolean {
    return this.readable;
  }

  /** Looks at both files; answers whether anything changed. */
  refresh(): boolean {
    const before = [this.isPaused, this.current, this.readable];
    this.isPaused = this.pauseFlagStands();
    this.readCeiling();
    const after = [this.isPaused, this.current, this.readable];
    return before.some((value, i) => value !== after[i]);
  }

  async pause(): Promise<void> {
    await writeDurably(this.pauseFile, `${new Date().toISOString()}\n`);
    this.refresh();
  }

  async resume(): Promise<void> {
    await rm(this.pauseFile, { force: true });
    await syncFolder(this.stateFolder);
    this.refresh();
  }

  private pauseFlagStands(): boolean {
    try {
      statSync(this.pauseFile);
      return true;
    } catch (error) {
      return !missing(error);
    }
  }

  private readCeiling(): void {
    try {
      const { mtimeMs, size, ino } = statSync(this.ceilingFile);
      const seen = `${mtimeMs} ${size} ${ino}`;
      if (seen === this.seen) return;
      const parsed = parseCeiling(readFileSync(this.ceilingFile, 'utf8'));
      this.seen = seen;
      this.readable = parsed !== undefined;
      this.current = parsed ?? closedCeiling;
    } catch (error) {
      this.seen = '';
      this.readable = missing(error);
      this.current = this.readable ? defaultCeiling : closedCeiling;
    }
  }
}
