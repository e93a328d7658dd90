/**
 * Children of a start that was killed before it could stop them. They are noted while they run; the
 * next start ends those that still do, after making sure that they are ours.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { LocalConduit } from '#deploy/dev/local-conduit.js';
import { replaceFile } from '#deploy/dev/replace-file.js';
import { isProcessAlive } from '#libs/kernel/process-alive.js';

interface Noted {
  pid: number;
  /** A word of its command line, so that a reused process id is not taken for it. */
  word: string;
}

export function noteChildren(conduit: LocalConduit): void {
  const noted: Noted[] = conduit.children.map(({ pid, options }) => ({
    pid,
    word: options.command === process.execPath ? (options.args[0] ?? '') : options.command,
  }));
  replaceFile(conduit.path('children.json'), JSON.stringify(noted));
}

/** Resolves when they are gone. @returns whether there were any: their ports may take a moment more */
export async function endStrays(stateDirectory: string): Promise<boolean> {
  const file = join(stateDirectory, 'children.json');
  if (!existsSync(file)) return false;
  let ended = false;
  for (const { pid, word } of JSON.parse(readFileSync(file, 'utf8')) as Noted[]) {
    if (!commandLine(pid).includes(word)) continue;
    ended = true;
    process.kill(pid, 'SIGKILL');
    for (let tries = 0; tries < 100 && isProcessAlive(pid); tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  rmSync(file);
  return ended;
}

export function forgetChildren(stateDirectory: string): void {
  rmSync(join(stateDirectory, 'children.json'), { force: true });
}

function commandLine(pid: number): string {
  const path = `/proc/${pid}/cmdline`;
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
