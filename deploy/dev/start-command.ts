/**
 * `npm start` after set-up: runs a whole conduit, shows step by step how it comes up, then waits.
 * However it ends, no child is left: those of a start that was killed are ended by the next one.
 */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { banner } from '#deploy/dev/banner.js';
import { bringUp } from '#deploy/dev/bring-up.js';
import { StartError } from '#deploy/dev/child-program.js';
import { LocalConduit, requireFreePort } from '#deploy/dev/local-conduit.js';
import { requireReachable, urlTarget } from '#deploy/dev/pms-target.js';
import { checkout } from '#deploy/dev/programs.js';
import { Progress } from '#deploy/dev/progress.js';
import { fillingProgress } from '#deploy/dev/filling-progress.js';
import { parseStartOptions, startHelp, type StartOptions } from '#deploy/dev/start-options.js';
import { lockState } from '#deploy/dev/state-lock.js';
import { endStrays, forgetChildren, noteChildren } from '#deploy/dev/stray-children.js';

/** How long the ports of children that were just killed may still be held. */
const STRAY_PORTS_MS = 10_000;

/** @returns the exit code */
export async function startCommand(args: string[]): Promise<number> {
  try {
    const options = parseStartOptions(args);
    if (options === 'help') {
      process.stdout.write(startHelp);
      return 0;
    }
    return await runConduit(options);
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    process.stderr.write(`\n${error.message}\n`);
    return 1;
  }
}

async function runConduit(options: StartOptions): Promise<number> {
  const state = resolve(checkout, options.state);
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const unlock = lockState(state);
  try {
    const patienceMs = (await endStrays(state)) ? STRAY_PORTS_MS : 0;
    for (const next of [0, 1, 2]) await requireFreePort(options.port + next, patienceMs);
    if (options.pms !== undefined) await requireReachable(urlTarget(options.pms));
    // A start that did not get to its end left half a state: an agent enrolled, nobody paired.
    if (options.reset || !existsSync(join(state, 'dev.json'))) forgetState(state);
    return await runUntilEnd(options, state);
  } finally {
    unlock();
  }
}

async function runUntilEnd(options: StartOptions, state: string): Promise<number> {
  const progress = new Progress();
  const conduit: LocalConduit = new LocalConduit({
    stateDirectory: state,
    apiPort: options.port,
    gatewayPort: options.port + 1,
    consolePort: options.port + 2,
    ...(options.scale !== undefined && { scale: options.scale }),
    ...(options.pms !== undefined && { pms: options.pms }),
    onProgress: fillingProgress(progress),
    onSpawn: () => noteChildren(conduit),
  });
  const asked = untilAskedToStop(conduit);
  try {
    process.stdout.write('\nStarting the conduit\n');
    const first = await Promise.race([bringUp(conduit, progress, options), asked]);
    if (first === 'stop') return 130;
    if (options.once) return 0;
    const failed = new Promise<StartError>((tell) => conduit.onFailure(tell));
    process.stdout.write(banner(first, progress.seconds));
    const end = await Promise.race([asked, failed]);
    if (end !== 'stop') throw end;
    return 0;
  } finally {
    process.stdout.write('\nStopping …');
    await conduit.stop();
    forgetChildren(state);
    process.stdout.write(' stopped.\n');
  }
}

/** Everything but the lock, which is ours now. */
function forgetState(state: string): void {
  for (const part of ['agent', 'broker', 'sandbox', 'logs', 'dev.json', 'ca.pem']) {
    rmSync(join(state, part), { recursive: true, force: true });
  }
}

/** The first signal asks; the next one does not let anybody finish. */
function untilAskedToStop(conduit: LocalConduit): Promise<'stop'> {
  let isAsked = false;
  return new Promise((stop) => {
    const ask = (): void => {
      if (isAsked) for (const child of conduit.children) void child.kill();
      isAsked = true;
      stop('stop');
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, ask);
  });
}
