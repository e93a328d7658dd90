import { renameSync, writeFileSync } from 'node:fs';

/** Whoever reads it, and whatever ends this process: the file is the old one or the new one. */
export function replaceFile(path: string, text: string): void {
  const aside = `${path}.new`;
  writeFileSync(aside, text, { mode: 0o600 });
  renameSync(aside, path);
}
