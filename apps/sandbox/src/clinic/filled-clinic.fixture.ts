/**
 * A small clinic filled once for a whole test run. Making a cluster and filling it takes a sandbox
 * seconds of a core; starting from a copy a fifth of that. Without one each test fills its own.
 */
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openTemporaryFolder, unprivilegedId } from '../engine/postgres/native-tree.js';
import { startClinic } from './start-clinic.js';

/** Names the folder of a run's filled clinic. */
const VARIABLE = 'CONDUIT_TEST_FILLED_CLINIC';
/** Patients; a test that wants another number fills its own. */
export const FILLED_SCALE = 200;

/** @returns the folder, to be set as CONDUIT_TEST_FILLED_CLINIC and removed after the run */
export async function makeFilledClinic(): Promise<string> {
  const folder = mkdtempSync(join(openTemporaryFolder(), 'conduit-filled-clinic-'));
  letServerThrough(folder);
  const stateDirectory = join(folder, 'state');
  await (await startClinic({ stateDirectory, scale: FILLED_SCALE })).close();
  // It names the place of this one's cluster.
  rmSync(join(stateDirectory, 'postgres.json'));
  return folder;
}

/** Where a sandbox keeps its state, before it first starts. */
export function layFilledClinic(stateDirectory: string, scale: number): void {
  const folder = process.env[VARIABLE];
  if (!folder || scale !== FILLED_SCALE || existsSync(stateDirectory)) return;
  const parent = dirname(stateDirectory);
  // The server's account does not get into every temporary folder.
  if (process.getuid?.() === 0 && dirname(parent) !== tmpdir()) return;
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  letServerThrough(parent);
  cpSync(join(folder, 'state'), stateDirectory, { recursive: true });
  giveToServer(join(stateDirectory, 'postgres'));
}

function letServerThrough(folder: string): void {
  if (process.getuid?.() === 0) chmodSync(folder, 0o711);
}

function giveToServer(cluster: string): void {
  if (process.getuid?.() !== 0) return;
  const names = readdirSync(cluster, { recursive: true }) as string[];
  for (const path of [cluster, ...names.map((name) => join(cluster, name))])
    chownSync(path, unprivilegedId, unprivilegedId);
}
