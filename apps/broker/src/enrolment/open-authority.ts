/** Finds this installation's device authority in a folder, or makes it on the first start. */
import { randomUUID } from 'node:crypto';
import { chmod, link, mkdir, open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Authority, createAuthority, type AuthorityFiles } from '#libs/pki/authority.js';

const fileName = 'device-authority.json';

/**
 * One file holds certificate and key, mode 0600 in a 0700 folder, and appears whole or not at all.
 * When several nodes start at once on a shared folder, one of them wins and the others read its file.
 */
export async function openAuthority(folder: string, nowMs: number): Promise<Authority> {
  const file = join(folder, fileName);
  const known = await readAuthority(file);
  if (known) return known;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  await writeOnce(file, await createAuthority('Conduit device authority', nowMs));
  const made = await readAuthority(file);
  if (!made) throw new Error('the device authority vanished while it was made');
  return made;
}

async function readAuthority(file: string): Promise<Authority | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return new Authority(JSON.parse(text) as AuthorityFiles);
}

async function writeOnce(file: string, content: AuthorityFiles): Promise<void> {
  const draft = `${file}.${randomUUID()}`;
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(JSON.stringify(content));
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    // Unlike rename, link refuses to replace what another node has made in the meantime.
    await link(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await unlink(draft);
  }
}
