/**
 * A whole conduit of real processes whose parts can be killed, paused and cut off from each other,
 * with two integrators and a table that they write to. strike() breaks one thing, heal() mends it,
 * untilHealthy() proves that everybody is served again and that nobody had to do more than that.
 */
import { approve, type DemoIntegrator, pair, registerIntegrator } from '#deploy/dev/demo.js';
import { type PostgresServer, startPostgres } from '#libs/db/postgres-server.fixture.js';
import { ClinicDatabase } from '#test/e2e/clinic-database.fixture.js';
import type { Fault, Line, Victim } from '#test/faults/fault-plan.js';
import { deliverTwice, type QueryOnItsWay } from '#test/faults/deliver-twice.js';
import { FaultProxy } from '#test/faults/fault-proxy.js';
import { MovedMachine } from '#test/faults/moved-machine.js';
import type { Destination } from '#test/faults/proxied-pair.js';
import { RestartableRedis } from '#test/faults/restartable-redis.js';
import { type Answer, startConduit, type TestConduit } from '#test/support/start-conduit.js';

const IDLE_MS = 5_000;
const HEALTHY_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 100;
const approval = ['--scopes', 'sql:read,sql:write', '--per-minute', '6000'];

export class FaultyConduit {
  readonly integrators: [DemoIntegrator, DemoIntegrator];
  private database?: ClinicDatabase;
  /** Set when Redis came back empty, until read. */
  private redisWasLost = false;

  /** What ended although nobody killed it, with its last words. */
  private ending?: string;

  private constructor(
    readonly conduit: TestConduit,
    second: DemoIntegrator,
    private readonly redis: RestartableRedis,
    private readonly postgres: PostgresServer | undefined,
    private readonly proxies: Record<Line, FaultProxy>,
    readonly machine: MovedMachine,
  ) {
    this.integrators = [conduit.integrator, second];
    for (const victim of ['sandbox', 'broker', 'agent'] as const) this.watch(victim);
  }

  static async start(): Promise<FaultyConduit> {
    const undo: (() => Promise<unknown>)[] = [];
    try {
      return await FaultyConduit.build(undo);
    } catch (error) {
      for (const step of undo.reverse()) await step();
      throw error;
    }
  }

  private static async build(undo: (() => Promise<unknown>)[]): Promise<FaultyConduit> {
    const redis = new RestartableRedis();
    undo.push(() => redis.stop());
    await redis.start();
    process.env['REDIS_URL'] = redis.url;
    const postgres = await startPostgres();
    undo.push(async () => postgres?.stop());
    const sandbox: Partial<Destination> = { host: '127.0.0.1' };
    const proxies = {
      link: new FaultProxy(),
      database: new FaultProxy(() => (sandbox.port ? (sandbox as Destination) : undefined)),
    };
    const [linkPort, databasePort] = await Promise.all([
      proxies.link.start(),
      proxies.database.start(),
    ]);
    undo.push(
      () => proxies.link.stop(),
      () => proxies.database.stop(),
    );
    const machine = MovedMachine.make();
    undo.push(async () => machine.remove());
    const conduit = await startConduit({
      stateDirectory: machine.stateDirectory,
      scale: 100,
      ceiling: { rawSqlWrites: true },
      approval,
      site: { port: databasePort, limits: { minFrequencySeconds: 1 } },
      agentEnv: { CONDUIT_AGENT_PROXY: `http://127.0.0.1:${linkPort}`, ...machine.envOf('agent') },
      brokerEnv: {
        CONDUIT_REGISTERED_MIN_SECONDS: '1',
        ...machine.envOf('broker'),
        ...(postgres && { DATABASE_URL: postgres.url }),
      },
    });
    undo.push(() => conduit.stop());
    sandbox.port = conduit.conduit.pms?.port ?? 0;
    const second = await registerIntegrator(conduit.conduit, 'Zz Second Integrator');
    await pair(conduit.conduit, second.subscriptionKey);
    await approve(conduit.conduit, second.integratorId, approval);
    const faulty = new FaultyConduit(conduit, second, redis, postgres, proxies, machine);
    await faulty.query('CREATE TABLE dbo.FaultNote (Nonce varchar(40) NOT NULL)');
    machine.rightClocks();
    MovedMachine.spoolToTheLastByte(conduit.conduit.agentFolder);
    await faulty.kill('agent');
    await faulty.revive('agent');
    await faulty.untilHealthy();
    return faulty;
  }

  get hasPostgres(): boolean {
    return this.postgres !== undefined;
  }

  /** Whether Redis lost everything since this was last asked. */
  takeRedisLost(): boolean {
    const lost = this.redisWasLost;
    this.redisWasLost = false;
    return lost;
  }

  /** Breaks what the fault says; returns as soon as it is broken. */
  async strike(fault: Fault): Promise<void> {
    switch (fault.what) {
      case 'kill':
        return this.kill(fault.victim);
      case 'pause':
        return this.signal(fault.victim, 'SIGSTOP');
      case 'cut':
        return this.proxies[fault.line].cut();
      case 'cutAfter':
        return void this.proxies[fault.line].cutAfter(fault.bytes, fault.way);
      case 'freeze':
        return this.proxies[fault.line].freeze();
      case 'refuse':
        this.proxies[fault.line].refuse();
        return this.proxies[fault.line].cut();
      case 'halfOpen':
        return this.proxies[fault.line].halfOpen(fault.closed);
      case 'delay':
        return this.proxies[fault.line].delay(fault.delayMs);
      case 'diskFull':
        this.proxies.link.delay(fault.delayMs);
        return this.machine.strike(fault);
      default:
        return this.machine.strike(fault);
    }
  }

  deliverTwice(queries: QueryOnItsWay[]): Promise<void> {
    return deliverTwice(this.redis.url, queries);
  }

  /** Mends it. A part that was killed is started again, as a supervisor would. */
  async heal(fault: Fault): Promise<void> {
    if (fault.what === 'kill') await this.revive(fault.victim);
    if (fault.what === 'pause') this.signal(fault.victim, 'SIGCONT');
    this.machine.heal(fault);
    for (const proxy of Object.values(this.proxies)) proxy.heal();
  }

  /** @throws Error when a part ended by itself, or an integrator is not served within a minute */
  async untilHealthy(): Promise<void> {
    const end = performance.now() + HEALTHY_WITHIN_MS;
    for (const { subscriptionKey: key } of this.integrators) {
      let last: Answer | undefined;
      while ((last = await this.probe(key))?.status !== 200) {
        if (this.ending !== undefined) throw new Error(this.ending);
        if (performance.now() > end)
          throw new Error(`not healthy again: ${last?.status} ${JSON.stringify(last?.body)}`);
        await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      }
    }
  }

  private async probe(key: string): Promise<Answer | undefined> {
    const signal = AbortSignal.timeout(10_000);
    return this.conduit
      .query({ text: 'SELECT 1 AS n' }, {}, '', { key, signal })
      .catch(() => undefined);
  }

  /** How often each of these was written, seen past the conduit. */
  async applied(nonces: readonly string[]): Promise<Map<string, number>> {
    const list = nonces.map((nonce) => `'${nonce}'`).join(', ');
    const rows = await this.query(
      `SELECT Nonce, COUNT(*) AS Times FROM dbo.FaultNote WHERE Nonce IN (${list}) GROUP BY Nonce`,
    );
    return new Map(rows.map(({ Nonce, Times }) => [String(Nonce), Number(Times)]));
  }

  async stop(): Promise<void> {
    for (const victim of ['redis', 'postgres', 'sandbox', 'broker', 'agent'] as const)
      this.signal(victim, 'SIGCONT');
    await this.database?.close().catch(() => undefined);
    await this.conduit.stop();
    await this.redis.stop();
    await this.postgres?.stop();
    await Promise.all(Object.values(this.proxies).map((proxy) => proxy.stop()));
    this.machine.remove();
  }

  /** Whether no statement of the agent runs at the database, or none does soon. */
  async isIdle(): Promise<boolean> {
    const idle = (database: ClinicDatabase): Promise<void> => database.untilNothingRuns(IDLE_MS);
    return this.past(idle).then(
      () => true,
      () => false,
    );
  }

  private query(text: string): Promise<Record<string, unknown>[]> {
    return this.past((database) => database.query(text));
  }

  /** Past the conduit. */
  private async past<T>(ask: (database: ClinicDatabase) => Promise<T>): Promise<T> {
    // The sandbox may have been another process when this connection was made.
    try {
      this.database ??= await ClinicDatabase.connect(this.conduit, 'admin');
      return await ask(this.database);
    } catch {
      await this.database?.close().catch(() => undefined);
      this.database = await ClinicDatabase.connect(this.conduit, 'admin');
      return ask(this.database);
    }
  }

  private signal(victim: Victim, signal: NodeJS.Signals): void {
    const { conduit } = this.conduit;
    try {
      if (victim === 'redis') this.redis.signal(signal);
      else if (victim === 'postgres') this.postgres?.signal(signal);
      else conduit[victim]?.process.kill(signal);
    } catch {
      // It has ended.
    }
  }

  private async kill(victim: Victim): Promise<void> {
    const { conduit } = this.conduit;
    if (victim === 'postgres') return this.postgres?.kill();
    if (victim !== 'redis') return conduit[victim]?.kill();
    this.redisWasLost = true;
    return this.redis.kill();
  }

  private async revive(victim: Victim): Promise<void> {
    const { conduit } = this.conduit;
    if (victim === 'redis') await this.redis.start();
    if (victim === 'postgres') await this.postgres?.restart();
    if (victim === 'broker') await conduit.startBroker();
    if (victim === 'agent') await conduit.startAgent();
    if (victim === 'sandbox') await conduit.startPms();
    if (victim !== 'redis' && victim !== 'postgres') this.watch(victim);
  }

  private watch(victim: 'sandbox' | 'broker' | 'agent'): void {
    this.conduit.conduit[victim]?.onUnexpectedExit((error) => (this.ending = error.message));
  }
}
