/**
 * A whole conduit that is watched from its first moment: a Redis whose commands are all seen, a
 * database that writes down each statement with its parameters, a folder for temporary files of its
 * own, a receiver of webhooks. Both kinds of database can stand in it.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Receiver } from '#apps/broker/src/webhooks/receiver.fixture.js';
import type { DatabasePlace } from '#libs/db/open-database.js';
import { startPostgres, type PostgresServer } from '#libs/db/postgres-server.fixture.js';
import { canaryWishes, webhookEnv } from '#test/prove/canaries.js';
import { databaseDump, databaseFolder, databaseRows } from '#test/prove/database-sinks.js';
import { agentFolder, brokerFolder, logs, spool, temporaryFiles } from '#test/prove/file-sinks.js';
import { filesGivenOut } from '#test/prove/files-given-out.js';
import { BrokerNode } from '#test/support/broker-node.js';
import {
  brokerHeap,
  brokerMemory,
  memoryEnv,
  SNAPSHOT,
  snapshotFile,
  type BrokerProcess,
} from '#test/prove/broker-memory-sinks.js';
import { commandLines, metrics, webhooks, type Undo } from '#test/prove/process-sinks.js';
import { writeJournal } from '#test/prove/journal-sink.js';
import { redisCommands, redisFile, redisKeys, redisMemory } from '#test/prove/redis-sinks.js';
import type { DatabaseKind } from '#test/prove/prove-options.js';
import type { Sink } from '#test/prove/sink.js';
import { RedisTap } from '#test/support/redis-tap.js';
import { startConduit, type TestConduit } from '#test/support/start-conduit.js';

/** Each statement, with all of its parameters. */
export const tellAll = [
  'log_statement=all',
  'log_parameter_max_length=-1',
  'log_parameter_max_length_on_error=-1',
];

/** Nodes find each other on this machine. */
const nodeEnv = { CONDUIT_NODE_ADDRESS: '127.0.0.1', CONDUIT_NODE_PORT: '0' };
const [FIRST, OTHER] = ['broker', 'other-node'] as const;

export class ProofRoom {
  private readonly undo: Undo = [];
  /** Beside the one of the conduit, where there is a database that two can share. */
  private other: BrokerNode | undefined;

  private constructor(
    readonly folder: string,
    readonly conduit: TestConduit,
    readonly receiver: Receiver,
    readonly redis: RedisTap,
    readonly postgres: PostgresServer | undefined,
    private readonly leave: () => Promise<void>,
  ) {}

  /** @returns undefined where no PostgreSQL server can run */
  static async open(kind: DatabaseKind): Promise<ProofRoom | undefined> {
    const before = process.env['TMPDIR'];
    const folder = mkdtempSync(join(tmpdir(), 'conduit-proof-'));
    // The sandbox's PostgreSQL runs as another user where this one is root.
    chmodSync(folder, 0o1777);
    process.env['TMPDIR'] = folder;
    const opened: (() => Promise<unknown>)[] = [async () => leave(folder, before)];
    const close = async (): Promise<void> => {
      for (const undo of opened.reverse()) await undo();
    };
    try {
      const postgres = kind === 'postgresql' ? await startPostgres(tellAll) : undefined;
      if (postgres) opened.push(() => postgres.stop());
      else if (kind === 'postgresql') return void (await close());
      const receiver = await Receiver.start();
      opened.push(() => receiver.stop());
      const conduit = await startConduit({
        ...canaryWishes,
        brokerEnv: {
          ...canaryWishes.brokerEnv,
          ...webhookEnv(receiver),
          ...memoryEnv(folder, FIRST),
          ...(postgres && { DATABASE_URL: postgres.url, ...nodeEnv }),
        },
      });
      opened.push(() => conduit.stop());
      const redis = await RedisTap.open(conduit.conduit.redis?.url ?? '');
      return new ProofRoom(folder, conduit, receiver, redis, postgres, close);
    } catch (error) {
      await close();
      throw error;
    }
  }

  get stateFolder(): string {
    return this.conduit.conduit.options.stateDirectory;
  }

  /** What people took out as files is kept there. */
  get givenOutFolder(): string {
    return join(this.folder, 'given-out');
  }

  get place(): DatabasePlace {
    return this.postgres
      ? { url: this.postgres.url }
      : { directory: join(this.stateFolder, 'broker', 'database') };
  }

  /** @returns undefined with the embedded database, which one process alone can open */
  async startOtherNode(): Promise<BrokerNode | undefined> {
    const { conduit, folder, postgres } = this;
    if (!postgres) return undefined;
    this.other = await BrokerNode.start(this.stateFolder, OTHER, {
      ...conduit.conduit.options.brokerEnv,
      ...memoryEnv(folder, OTHER),
      REDIS_URL: conduit.conduit.redis?.url ?? '',
    });
    return this.other;
  }

  private brokers(): BrokerProcess[] {
    const { conduit, folder, other } = this;
    const first = { program: conduit.conduit.broker, snapshot: snapshotFile(folder, FIRST) };
    if (!other) return [first];
    return [first, { program: other.program, snapshot: snapshotFile(folder, OTHER) }];
  }

  /** What changes while queries wait: looked at again and again. */
  whileItWaits(): Sink[] {
    return [redisKeys(this.redis), spool(this.conduit), agentFolder(this.conduit)];
  }

  /** What there is only while the programs run. */
  whileItRuns(): Sink[] {
    const { conduit, redis, receiver, undo, other } = this;
    const brokers = () => this.brokers();
    const programs = () => [conduit.conduit.agent, ...brokers().map(({ program }) => program)];
    const pages = other ? [`http://127.0.0.1:${other.ports.metrics}/metrics`] : [];
    // A server that somebody else runs is not ours to hold still, and its file not ours to remove.
    const redisPid = conduit.conduit.redis?.pid;
    return [
      // First of all: it asks the broker to collect what nobody holds.
      brokerHeap(conduit, brokers, undo),
      brokerMemory(conduit, brokers, undo),
      redisCommands(redis),
      redisKeys(redis),
      ...(redisPid === undefined ? [] : [redisFile(redis), redisMemory(redis, redisPid)]),
      commandLines(programs, undo),
      metrics([conduit.conduit.metricsUrl, ...pages], undo),
      webhooks(receiver),
      writeJournal(conduit),
      filesGivenOut(this.givenOutFolder),
    ];
  }

  /** What is left when broker and agent have ended, and have written their last. */
  whenItHasStopped(): Sink[] {
    const { conduit, postgres, place } = this;
    const words = postgres
      ? "PostgreSQL's whole folder: data, write-ahead log, and a log of every statement with its parameters"
      : "the embedded database's folder, with its write-ahead log";
    const folder = postgres?.folder ?? join(this.stateFolder, 'broker', 'database');
    // Where there is no pg_dump the report says that this place was left out.
    const dump = postgres && databaseDump(postgres.url);
    return [
      databaseRows(place),
      ...(dump ? [dump] : []),
      databaseFolder(folder, words, place),
      brokerFolder(conduit),
      agentFolder(conduit),
      spool(conduit),
      logs(conduit),
      temporaryFiles(this.folder, [
        ...['broker', 'agent', 'logs', 'sandbox'].map((name) => join(this.stateFolder, name)),
        ...[this.givenOutFolder, join(this.folder, SNAPSHOT)],
      ]),
    ];
  }

  /** Ends broker, agent, sandbox and Redis; their folders stay. */
  async stopPrograms(): Promise<void> {
    for (const undo of this.undo) undo();
    this.redis.close();
    await this.other?.stop();
    await this.conduit.conduit.stop();
  }

  async close(): Promise<void> {
    await this.stopPrograms();
    await this.leave();
  }
}

function leave(folder: string, before: string | undefined): void {
  if (before === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = before;
  rmSync(folder, { recursive: true, force: true });
}
