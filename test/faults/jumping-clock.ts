/**
 * A wall clock that jumps under a running process, by libfaketime. The monotonic clock goes on as it
 * was, as it does when somebody sets a machine's time. Where libfaketime is not installed there is none.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PROBE_JUMP_SECONDS = 7_200;
const PROBE_NEAR_MS = 60_000;
const SHARED = '/dev/shm';
const NAME = join('faketime', 'libfaketimeMT.so.1');

export class JumpingClock {
  private readonly folder = mkdtempSync(join(tmpdir(), 'conduit-clock-'));
  private readonly file = join(this.folder, 'jump');

  private constructor(private readonly library: string) {
    this.jump(0);
  }

  /** @returns a clock that stands right, or undefined where a program's clock cannot be moved */
  static make(): JumpingClock | undefined {
    const library = findLibrary();
    if (library === undefined) return undefined;
    const clock = new JumpingClock(library);
    if (clock.works()) return clock;
    clock.remove();
    return undefined;
  }

  /** What the process has to be started with. */
  get env(): Record<string, string> {
    return {
      LD_PRELOAD: this.library,
      FAKETIME_TIMESTAMP_FILE: this.file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    };
  }

  /** From now on it is so many seconds away from the right time; 0 puts it right. */
  jump(seconds: number): void {
    // Renamed into its place: a reader never finds half of it.
    writeFileSync(`${this.file}.new`, seconds < 0 ? String(seconds) : `+${seconds}`);
    renameSync(`${this.file}.new`, this.file);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
    removeLeftovers();
  }

  /** Two hours ahead a program must say so. */
  private works(): boolean {
    this.jump(PROBE_JUMP_SECONDS);
    const { stdout } = spawnSync(process.execPath, ['-e', 'console.log(Date.now())'], {
      env: { ...process.env, ...this.env },
      encoding: 'utf8',
      timeout: 10_000,
    });
    this.jump(0);
    const ahead = Number(stdout) - Date.now() - PROBE_JUMP_SECONDS * 1_000;
    return Math.abs(ahead) < PROBE_NEAR_MS;
  }
}

/** A process that is killed leaves what libfaketime shares in memory behind. */
function removeLeftovers(): void {
  if (!existsSync(SHARED)) return;
  for (const name of readdirSync(SHARED)) {
    const [, pid] = /^(?:sem\.faketime_sem|faketime_shm)_(\d+)$/.exec(name) ?? [];
    if (pid !== undefined && !existsSync(`/proc/${pid}`))
      rmSync(join(SHARED, name), { force: true });
  }
}

function findLibrary(): string | undefined {
  const roots = ['/usr/lib', '/usr/lib64', '/usr/local/lib'].filter((root) => existsSync(root));
  const folders = roots.flatMap((root) => [
    root,
    ...readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name.includes('linux'))
      .map(({ name }) => join(root, name)),
  ]);
  return folders.map((folder) => join(folder, NAME)).find((path) => existsSync(path));
}
