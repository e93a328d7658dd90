/** Runs the agent's command line as a technician would, and reads its JSON. */
import { spawn } from 'node:child_process';
import { StartError } from '#deploy/dev/child-program.js';
import { programPath } from '#deploy/dev/programs.js';

/** @param args e.g. `['pair-code']`; the state folder and `--json` are added */
export async function agentCommand<T>(stateFolder: string, args: string[]): Promise<T> {
  const child = spawn(
    process.execPath,
    [programPath('agent'), ...args, '--state', stateFolder, '--json'],
    { stdio: ['ignore', 'pipe', 'pipe'], detached: true },
  );
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  const text = Buffer.concat(out).toString();
  if (code === 0) return JSON.parse(text) as T;
  throw new StartError(
    `agent ${args[0]} failed: ${Buffer.concat(err).toString().trim() || text.trim()}`,
  );
}
