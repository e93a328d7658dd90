import { readFileSync } from 'node:fs';

/**
 * Whether a process still runs. One that was killed and waits only for its parent to collect its
 * exit code (a zombie) answers signals, yet holds nothing any more: it counts as gone.
 * Source: proc(5), field 3 of /proc/<pid>/stat; without /proc the signal alone decides.
 */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !['Z', 'X'].includes(stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3));
  } catch {
    return true;
  }
}
