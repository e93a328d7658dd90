/**
 * A whole conduit on this machine, each part a process of its own: Redis, sandbox clinic, broker,
 * agent. `npm start`, the end-to-end tests and the bench all start it here, so what is shown is what
 * is tested and measured. stop() ends every child, in the order in which nothing is left waiting.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { ChildProgram, StartError, type ProgramOptions } from '#deploy/dev/child-program.js';
import { programPath } from '#deploy/dev/programs.js';
import {
  sandboxTarget,
  urlTarget,
  type PmsTarget,
  type SandboxReady,
} from '#deploy/dev/pms-target.js';
import { startRedis, type RedisServer } from '#deploy/dev/redis-server.js';

export interface LocalOptions {
  stateDirectory: string;
  /** 0 takes any free one. */
  apiPort: number;
  gatewayPort: number;
  /** Of the console over plain HTTP on this machine; absent: any free one. */
  consolePort?: number;
  sandboxPort?: number;
  /** Patients in the sandbox clinic. */
  scale?: number;
  /** mssql://…: an existing SQL Server instead of the sandbox. */
  pms?: string;
  brokerEnv?: Record<string, string>;
  agentEnv?: Record<string, string>;
  /** Another program in the broker's place, for the bench. */
  brokerProgram?: string;
  /** Another program in the agent's place, for the bench; called as `program run --state DIR`. */
  agentProgram?: string;
  onProgress?: (line: string) => void;
  /** Called with each new child, before it is ready. */
  onSpawn?: () => void;
}

interface Ports {
  api: number;
  gateway: number;
  console: number;
  metrics: number;
}

/**
 * @param patienceMs how long it may still be held
 * @throws StartError that names the port
 */
export async function requireFreePort(port: number, patienceMs = 0): Promise<void> {
  const giveUpMs = performance.now() + patienceMs;
  while (port !== 0 && !(await isFree(port))) {
    if (performance.now() > giveUpMs)
      throw new StartError(
        `Port ${port} is in use by another program. Stop it, or choose another with --port.`,
      );
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

export class LocalConduit {
  redis?: RedisServer;
  sandbox?: ChildProgram;
  broker?: ChildProgram;
  agent?: ChildProgram;
  pms?: PmsTarget;
  /** Every child there ever was, also those that never became ready. */
  readonly children: ChildProgram[] = [];
  private ports: Ports = { api: 0, gateway: 0, console: 0, metrics: 0 };
  private stopping = false;

  constructor(readonly options: LocalOptions) {
    mkdirSync(options.stateDirectory, { recursive: true, mode: 0o700 });
  }

  get apiOrigin(): string {
    return `https://localhost:${this.ports.api}`;
  }

  /** Where a browser on this machine opens the console: it takes passkeys here without a certificate. */
  get consoleOrigin(): string {
    return `http://localhost:${this.ports.console}`;
  }

  get metricsUrl(): string {
    return `http://127.0.0.1:${this.ports.metrics}/metrics`;
  }

  /** PEM of the installation's own authority, which the development HTTPS certificate comes from. */
  get caFile(): string {
    return this.path('ca.pem');
  }

  get agentFolder(): string {
    return this.path('agent');
  }

  get operatorToken(): string {
    return readFileSync(this.path('broker', 'operator-token'), 'utf8').trim();
  }

  path(...parts: string[]): string {
    return join(this.options.stateDirectory, ...parts);
  }

  private async start(options: ProgramOptions): Promise<ChildProgram> {
    if (this.stopping) throw new StartError('The conduit is being stopped.');
    return ChildProgram.start({ ...options, onSpawn: this.keep });
  }

  private readonly keep = (program: ChildProgram): void => {
    this.children.push(program);
    this.options.onSpawn?.();
  };

  async startRedis(): Promise<void> {
    this.redis = await startRedis(this.options.stateDirectory, this.keep);
  }

  async startPms(): Promise<void> {
    if (this.options.pms) {
      this.pms = urlTarget(this.options.pms);
      return;
    }
    let ready: SandboxReady | undefined;
    const scale = this.options.scale === undefined ? [] : ['--scale', String(this.options.scale)];
    const port = this.sandboxPort();
    this.sandbox = await this.start({
      name: 'The sandbox clinic',
      command: process.execPath,
      args: [
        ...[programPath('sandbox'), '--state', this.path('sandbox'), '--port', String(port)],
        ...['--json', '--with-parent', ...scale],
      ],
      logFile: this.path('logs', 'sandbox.log'),
      isReadyLine: (line) => line.startsWith('{"ready":true'),
      onLine: (line) => {
        if (line.startsWith('{')) ready = JSON.parse(line) as SandboxReady;
        else this.options.onProgress?.(line);
      },
      readyWithinMs: 600_000,
    });
    if (ready) this.pms = sandboxTarget(ready);
  }

  /** The agent's settings hold the port, so a restarted sandbox takes the one it had. */
  private sandboxPort(): number {
    return this.pms?.port ?? this.options.sandboxPort ?? 0;
  }

  async startBroker(): Promise<void> {
    const { apiPort, gatewayPort, consolePort = 0, brokerEnv } = this.options;
    const wanted = {
      api: this.ports.api || apiPort,
      gateway: this.ports.gateway || gatewayPort,
      // A passkey remembers the page's port: a broker that starts again has to have the same.
      console: this.ports.console || consolePort,
    };
    for (const port of Object.values(wanted)) await requireFreePort(port);
    this.broker = await this.start({
      name: 'The broker',
      command: process.execPath,
      args: [this.options.brokerProgram ?? programPath('broker')],
      env: {
        CONDUIT_STATE_DIR: this.path('broker'),
        CONDUIT_API_PORT: String(wanted.api),
        CONDUIT_GATEWAY_PORT: String(wanted.gateway),
        CONDUIT_CONSOLE_LOCAL_PORT: String(wanted.console),
        CONDUIT_METRICS_PORT: '0',
        REDIS_URL: this.redis?.url ?? '',
        ...brokerEnv,
      },
      logFile: this.path('logs', 'broker.log'),
      isReadyLine: (line) => this.notePort(line) === 'metrics',
    });
    const { authority } = this.authority();
    writeFileSync(this.caFile, authority);
  }

  private authority(): { authority: string } {
    const kept = JSON.parse(
      readFileSync(this.path('broker', 'pki', 'device-authority.json'), 'utf8'),
    ) as {
      certificate: string;
    };
    return { authority: kept.certificate };
  }

  /** The broker logs each listener with its port; the last one makes it ready. */
  private notePort(line: string): keyof Ports | undefined {
    if (!line.includes('"broker.listening"')) return undefined;
    const { what, port } = JSON.parse(line) as { what: keyof Ports; port: number };
    this.ports[what] = port;
    return what;
  }

  get isEnrolled(): boolean {
    return existsSync(this.path('agent', 'identity', 'identity.json'));
  }

  /** Writes the agent's settings; passwords come in a file only this user can read. */
  configureAgent(siteId: string, extra: object = {}): void {
    if (!this.pms) throw new StartError('The practice database must be known before the agent.');
    mkdirSync(this.agentFolder, { recursive: true, mode: 0o700 });
    const site = { siteId, pmsType: 'BestPractice', ...this.pms, ...extra };
    writeFileSync(this.path('agent', 'agent.json'), JSON.stringify({ sites: [site] }, null, 2), {
      mode: 0o600,
    });
  }

  async startAgent(): Promise<void> {
    this.agent = await this.start({
      name: 'The agent',
      command: process.execPath,
      args: [this.options.agentProgram ?? programPath('agent'), 'run', '--state', this.agentFolder],
      ...(this.options.agentEnv && { env: this.options.agentEnv }),
      logFile: this.path('logs', 'agent.log'),
      isReadyLine: (line) => line.includes('"link.connected"'),
    });
  }

  /** Calls back once when a part ends that nobody stopped. */
  onFailure(listener: (error: StartError) => void): void {
    for (const program of [this.sandbox, this.broker, this.agent]) {
      program?.onUnexpectedExit(listener);
    }
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.agent?.stop();
    await this.broker?.stop();
    await Promise.all([this.sandbox?.stop(), this.redis?.stop()]);
    // What had not become ready has no name yet.
    await Promise.all(this.children.map((child) => child.stop()));
  }
}
