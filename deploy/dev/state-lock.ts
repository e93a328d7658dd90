/** One conduit at a time on one state folder. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from '#deploy/dev/child-program.js';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

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
    if (holder !== process.pid && Number.isInteger(holder) && holder > 0 && isAlive(holder)) {
      throw new StartError(
        `A conduit is already running on ${directory} (process ${holder}). Stop it first, or name another folder with --state.`,
      );
    }
    rmSync(path, { force: true });
    take();
  }
  return () => rmSync(path, { force: true });
}
