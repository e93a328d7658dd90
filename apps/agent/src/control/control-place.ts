/**
 * Where commands on this machine meet the running agent: a socket in the state folder that only its
 * owner can open, and a token in a file that only its owner can read (a Windows pipe has no mode).
 */
import { createHash } from 'node:crypto';
import { lstat, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

import { ConduitError } from '#libs/errors/conduit-error.js';

/** Longest path of a Unix socket that every system takes, with room to spare. */
const MAX_SOCKET_PATH = 100;

/** Path of the socket, or name of the pipe, of the agent with this state folder. */
export function controlAddress(stateFolder: string, platform = process.platform): string {
  const folder = resolve(stateFolder);
  const mark = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  if (platform === 'win32') return `\\\\.\\pipe\\conduit-agent-${mark}`;
  const path = join(folder, 'agent.sock');
  return path.length <= MAX_SOCKET_PATH ? path : join(tmpdir(), `conduit-agent-${mark}`, 's');
}

export const controlTokenFile = (stateFolder: string): string => join(stateFolder, 'control.token');

/**
 * Makes the folder of a socket that had to go to the temporary folder, where anyone could have put
 * one of that name before us.
 * @throws ConduitError CONTROL_REFUSED unless it belongs to the owner of the state folder alone
 */
export async function preparePlace(stateFolder: string): Promise<void> {
  const folder = dirname(controlAddress(stateFolder));
  if (folder === resolve(stateFolder) || process.platform === 'win32') return;
  await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  const [place, state] = await Promise.all([lstat(folder), lstat(stateFolder)]);
  if (!place.isDirectory() || place.uid !== state.uid || (place.mode & 0o077) !== 0)
    throw new ConduitError('CONTROL_REFUSED', { facts: { reason: 'folder' } });
}
