/**
 * One process at a time in a database folder. PGlite has no such lock, and a second opener loses
 * acknowledged rows without a word. The lock names its holder; a dead holder's lock is taken over.
 */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { isProcessAlive } from '#libs/kernel/process-alive.js';

interface Holder {
  pid: number;
  /** Start time of the process in clock ticks since boot: tells a reused pid from the holder. */
  startedAt: string | null;
}

/** Field 22 of /proc/<pid>/stat (proc(5)); null where there is no /proc. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

function isAlive({ pid, startedAt }: Holder): boolean {
  if (!isProcessAlive(pid)) return false;
  const now = startOf(pid);
  return startedAt === null || now === null || now === startedAt;
}

function parseHolder(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Holder;
    return Number.isInteger(holder.pid) ? holder : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Takes the lock `<directory>.lock` or throws STORE_LOCKED.
 * @returns a function that gives it back; calling it twice does no harm
 */
export function lockFolder(directory: string): () => void {
  const path = `${directory}.lock`;
  const mine = JSON.stringify({ pid: process.pid, startedAt: startOf(process.pid) });
  mkdirSync(dirname(path), { recursive: true });
  for (let attempt = 0; attempt < 5; attempt++) {
    if (tryCreate(path, mine)) return releaser(path, mine);
    removeWhenStale(path);
  }
  throw new ConduitError('STORE_LOCKED');
}

/** Writes aside and links into place, so that nobody ever reads half a lock. */
function tryCreate(path: string, text: string): boolean {
  const aside = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  writeFileSync(aside, text, { mode: 0o600 });
  try {
    linkSync(aside, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function removeWhenStale(path: string): void {
  let found: string;
  try {
    found = readFileSync(path, 'utf8');
  } catch {
    return;
  }
  const holder = parseHolder(found);
  if (holder && isAlive(holder)) throw new ConduitError('STORE_LOCKED');
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  // Somebody may have taken over between our reading and our renaming: then it goes back.
  if (readFileSync(aside, 'utf8') !== found) tryCreate(path, readFileSync(aside, 'utf8'));
  rmSync(aside, { force: true });
}

function releaser(path: string, mine: string): () => void {
  let held = true;
  return () => {
    if (!held) return;
    held = false;
    try {
      if (readFileSync(path, 'utf8') === mine) rmSync(path, { force: true });
    } catch {
      // Gone already: there is nothing left to give back.
    }
  };
}
