/**
 * Where commands on this machine meet the running agent: a socket in the state folder that only its
 * owner can open, and a token in a file that only its owner can read (a Windows pipe has no mode).
 */
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Longest path of a Unix socket that every system takes, with room to spare. */
const MAX_SOCKET_PATH = 100;

/** Path of the socket, or name of the pipe, of the agent with this state folder. */
export function controlAddress(stateFolder: string, platform = process.platform): string {
  const folder = resolve(stateFolder);
  const mark = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  if (platform === 'win32') return `\\\\.\\pipe\\conduit-agent-${mark}`;
  const path = join(folder, 'agent.sock');
  return path.length <= MAX_SOCKET_PATH ? path : join(tmpdir(), `conduit-agent-${mark}.sock`);
}

export const controlTokenFile = (stateFolder: string): string => join(stateFolder, 'control.token');
