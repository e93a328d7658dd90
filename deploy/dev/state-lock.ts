/** One conduit at a time on one state folder. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from '#deploy/dev/child-program.js';
import { isProcessAlive } from '#libs/kernel/process-alive.js';

/**
 * Takes the folder for this process; a lock left by a process that is gone is taken over.
 * @returns a function that gives it back
 */
export function lockState(directory: string): () => void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, 'lock');
  const take = (): void => writeFileSync(path, String(process.pid), { flag: 'wx', mode: 0o600 });
  try {
    take();
  } catch {
    const holder = Number(readFileSync(path, 'utf8'));
    if (
      holder !== process.pid &&
      Number.isInteger(holder) &&
      holder > 0 &&
      isProcessAlive(holder)
    ) {
      throw new StartError(
        `A conduit is already running on ${directory} (process ${holder}). Stop it first, or name another folder with --state.`,
      );
    }
    rmSync(path, { force: true });
    take();
  }
  return () => rmSync(path, { force: true });
}
