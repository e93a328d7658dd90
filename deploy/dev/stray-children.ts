/**
 * Children of a start that was killed before it could stop them. They are noted while they run; the
 * next start ends those that still do, after making sure that they are ours.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LocalConduit } from '#deploy/dev/local-conduit.js';

interface Noted {
  pid: number;
  /** A word of its command line, so that a reused process id is not taken for it. */
  word: string;
}

export function noteChildren(conduit: LocalConduit): void {
  const { redis, sandbox, broker, agent } = conduit;
  const noted: Noted[] = [sandbox, broker, agent].flatMap((program) =>
    program ? [{ pid: program.pid, word: program.options.args[0] ?? '' }] : [],
  );
  if (redis?.pid !== undefined) noted.push({ pid: redis.pid, word: 'redis-server' });
  writeFileSync(conduit.path('children.json'), JSON.stringify(noted), { mode: 0o600 });
}

export function endStrays(stateDirectory: string): void {
  const file = join(stateDirectory, 'children.json');
  if (!existsSync(file)) return;
  for (const { pid, word } of JSON.parse(readFileSync(file, 'utf8')) as Noted[]) {
    if (commandLine(pid).includes(word)) process.kill(pid, 'SIGKILL');
  }
  rmSync(file);
}

function commandLine(pid: number): string {
  const path = `/proc/${pid}/cmdline`;
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
