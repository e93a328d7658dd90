/**
 * Programs of the conduit as child processes: their output goes to a log file, they are ready when
 * they say so, and a child that ends early is an error that quotes its own last words.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';

export interface ProgramOptions {
  name: string;
  command: string;
  args: string[];
  env?: NodeJS.ProcessEnv;
  logFile: string;
  /** Looks at each line of output; the first that it accepts makes the program ready. */
  isReadyLine: (line: string) => boolean;
  /** Also shown each line, e.g. for progress. */
  onLine?: (line: string) => void;
  readyWithinMs?: number;
  /** Called as soon as the process exists, so that one that is not ready yet can be stopped too. */
  onSpawn?: (program: ChildProgram) => void;
}

/** A failure the user can act on: printed without a stack. */
export class StartError extends Error {}

function startError(program: string, what: string, lastLines: string[]): StartError {
  return new StartError(
    [`${program} ${what}`, ...lastLines.map((line) => `    ${line}`)].join('\n'),
  );
}

export class ChildProgram {
  private stopping = false;
  private readonly lastLines: string[] = [];
  private readonly log: WriteStream;
  readonly exited: Promise<number | null>;

  private constructor(
    readonly options: ProgramOptions,
    readonly process: ChildProcess,
  ) {
    mkdirSync(dirname(options.logFile), { recursive: true });
    this.log = createWriteStream(options.logFile, { flags: 'a', mode: 0o600 });
    this.exited = new Promise((resolve) => {
      process.once('exit', (code) => resolve(code));
      process.once('error', () => resolve(null));
    });
    // Its last words may arrive after its end.
    process.once('close', () => this.log.end());
  }

  get pid(): number {
    return this.process.pid ?? -1;
  }

  /** Starts the program and waits until it is ready. */
  static async start(options: ProgramOptions): Promise<ChildProgram> {
    // A process group of its own: Ctrl-C reaches only the parent, which then stops children in order.
    const child = spawn(options.command, options.args, {
      env: { ...process.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    const program = new ChildProgram(options, child);
    options.onSpawn?.(program);
    await program.becomeReady();
    return program;
  }

  private becomeReady(): Promise<void> {
    const { name, isReadyLine, onLine, readyWithinMs = 60_000 } = this.options;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.process.kill('SIGKILL');
        reject(startError(name, 'was not ready in time.', this.lastLines));
      }, readyWithinMs);
      const look = (line: string): void => {
        this.log.write(`${line}\n`);
        this.lastLines.push(line);
        if (this.lastLines.length > 8) this.lastLines.shift();
        onLine?.(line);
        if (isReadyLine(line)) {
          clearTimeout(timer);
          resolve();
        }
      };
      for (const stream of [this.process.stdout, this.process.stderr]) {
        if (stream) createInterface({ input: stream }).on('line', look);
      }
      void this.exited.then((code) => {
        clearTimeout(timer);
        reject(startError(name, `ended early (exit code ${code ?? 'none'}).`, this.lastLines));
      });
    });
  }

  /** Calls back when the program ends although nobody asked it to. */
  onUnexpectedExit(listener: (error: StartError) => void): void {
    void this.exited.then((code) => {
      if (!this.stopping) {
        listener(
          startError(this.options.name, `ended (exit code ${code ?? 'none'}).`, this.lastLines),
        );
      }
    });
  }

  /** Asks it to end, then insists. */
  async stop(patienceMs = 10_000): Promise<void> {
    this.stopping = true;
    this.process.kill('SIGTERM');
    const insist = setTimeout(() => this.process.kill('SIGKILL'), patienceMs);
    await this.exited;
    clearTimeout(insist);
  }

  /** Ends it with no chance to tidy up. */
  async kill(): Promise<void> {
    this.stopping = true;
    this.process.kill('SIGKILL');
    await this.exited;
  }
}
