/** `npm start` as its user runs it: one process, what it prints, how it ends. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { checkout } from '#deploy/dev/programs.js';

const program = join(checkout, 'deploy/dev/start.js');

export class StartRun {
  private text = '';
  private readonly process: ChildProcess;
  readonly ended: Promise<number | null>;

  constructor(...args: string[]) {
    this.process = spawn(process.execPath, [program, ...args], {
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.text += chunk.toString()));
    }
    this.ended = new Promise((resolve) => this.process.once('close', (code) => resolve(code)));
  }

  /** Everything printed so far, errors included. */
  get output(): string {
    return this.text;
  }

  signal(name: NodeJS.Signals): void {
    this.process.kill(name);
  }

  /** Resolves when the words are printed; an end without them is an error. */
  async until(words: string): Promise<void> {
    let isOver = false;
    void this.ended.then(() => (isOver = true));
    while (!this.text.includes(words)) {
      if (isOver) throw new Error(`ended without "${words}":\n${this.text}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Runs to the end. */
export async function runStart(
  ...args: string[]
): Promise<{ code: number | null; output: string }> {
  const run = new StartRun(...args);
  const code = await run.ended;
  return { code, output: run.output };
}

/** A port that is free together with the next one. */
export async function freePair(): Promise<number> {
  for (;;) {
    const first = createServer();
    await new Promise<void>((resolve) => first.listen(0, '127.0.0.1', resolve));
    const { port } = first.address() as AddressInfo;
    const second = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      second.once('error', () => resolve(false));
      second.listen(port + 1, '127.0.0.1', () => resolve(true));
    });
    await Promise.all([first, second].map((server) => new Promise((done) => server.close(done))));
    if (isFree) return port;
  }
}

/** The processes that a running start has noted. */
export function childrenOf(state: string): number[] {
  const file = join(state, 'children.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { pid: number }[]).map(({ pid }) => pid);
}

export const isRunning = (pid: number): boolean =>
  existsSync(`/proc/${pid}/cmdline`) && !isZombie(pid);

/** Ended, but its adopter has not looked yet. */
function isZombie(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return true;
  }
}
