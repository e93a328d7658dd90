/** Resident memory of another process, as Linux accounts for it. */
import { readFileSync, writeFileSync } from 'node:fs';

function statusMb(pid: number, field: 'VmHWM' | 'VmRSS'): number {
  const line = readFileSync(`/proc/${pid}/status`, 'utf8')
    .split('\n')
    .find((candidate) => candidate.startsWith(field));
  return Number(line?.match(/\d+/)?.[0] ?? NaN) / 1024;
}

/** Forgets the peak so far; from now on `peakMb` speaks of what comes. */
export function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

export const peakMb = (pid: number): number => statusMb(pid, 'VmHWM');
export const residentMb = (pid: number): number => statusMb(pid, 'VmRSS');
