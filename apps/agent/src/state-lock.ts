/**
 * One agent process for one state folder. Two would join in each other's name and look to the broker
 * like a copied machine, which it quarantines.
 */
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { isProcessAlive } from '#libs/kernel/process-alive.js';

/**
 * @returns gives the folder free again
 * @throws ConduitError AGENT_ALREADY_RUNNING while a living process holds it
 */
export function lockState(stateFolder: string): () => void {
  const file = join(stateFolder, 'agent.pid');
  const draft = `${file}.${process.pid}`;
  for (let attempt = 0; attempt < 3; attempt += 1) {
    writeFileSync(draft, `${process.pid} ${bootOf(process.pid)}`, { mode: 0o600 });
    try {
      // Linked into place whole: nobody ever reads half a lock and takes it for a dead one.
      linkSync(draft, file);
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      rmSync(draft, { force: true });
    }
    if (isHeld(file)) throw new ConduitError('AGENT_ALREADY_RUNNING');
    rmSync(file, { force: true });
  }
  throw new ConduitError('AGENT_ALREADY_RUNNING');
}

function isHeld(file: string): boolean {
  const [pid, start] = read(file).split(' ');
  if (!pid || !isProcessAlive(Number(pid))) return false;
  // After a crash the number may belong to some other process by now; its start tells them apart.
  return start === bootOf(Number(pid));
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** When the process started, as Linux tells it; elsewhere nothing, and the number alone decides. */
function bootOf(pid: number): string {
  const fields = read(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ') ?? [];
  return fields[19] ?? 'unknown';
}
