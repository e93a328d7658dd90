import { readFileSync } from 'node:fs';

/** Fields of /proc/<pid>/stat behind the name, counted from 0: state (3) and num_threads (20). */
const STATE = 0;
const THREADS = 17;

/**
 * Whether a process still runs. One that was killed and waits only for its parent to collect its
 * exit code (a zombie) answers signals, yet holds nothing any more: it counts as gone. While other
 * threads of it are still ending, its files and ports are not free, and it counts as running.
 * Source: proc(5), /proc/<pid>/stat; without /proc the signal alone decides.
 */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return !['Z', 'X'].includes(fields[STATE] ?? '') || Number(fields[THREADS]) > 1;
  } catch {
    return true;
  }
}
