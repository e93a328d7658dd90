/**
 * A whole conduit for end-to-end tests: the same processes that `npm start` runs, on free ports and a
 * state folder of their own. CONDUIT_TEST_PMS_URL puts a real SQL Server, loaded with the clinic by
 * `npm run sandbox:load`, in the sandbox's place.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, type Dispatcher } from 'undici';
import {
  approve,
  enrolAgent,
  pair,
  registerIntegrator,
  registerPractice,
  type DemoIntegrator,
} from '#deploy/dev/demo.js';
import { agentCommand } from '#deploy/dev/agent-command.js';
import { LocalConduit } from '#deploy/dev/local-conduit.js';
import { FILLED_SCALE, layFilledClinic } from '#apps/sandbox/src/clinic/filled-clinic.fixture.js';
import { steadyPort } from '#test/support/steady-port.js';
import { layEmptyStore } from '#libs/db/empty-store.fixture.js';

export interface ConduitWishes {
  /** Made by the caller, removed with the conduit. */
  stateDirectory?: string;
  /** Patients in the sandbox clinic. */
  scale?: number;
  brokerEnv?: Record<string, string>;
  agentEnv?: Record<string, string>;
  /** Merged into the agent's site settings, e.g. `{ limits: { maxConcurrent: 2 } }`. */
  site?: object;
  /** A database that the agent is told of in the sandbox's place. */
  pms?: string;
  brokerProgram?: string;
  agentProgram?: string;
  /** The agent's ceiling file, e.g. `{ rawSqlWrites: true }`. */
  ceiling?: object;
  /** Words for the agent's approve command; `none` leaves the access request undecided. */
  approval?: string[] | 'none';
}

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** Parsed when it is JSON, otherwise the text. */
  body: unknown;
}

export interface CallOptions {
  headers?: Record<string, string>;
  key?: string;
  signal?: AbortSignal;
  /** Of another node of the broker than the one that this conduit started. */
  origin?: string;
  /** Sent as it is; otherwise `body` is made JSON. */
  raw?: string | Buffer;
  body?: object;
}

export class TestConduit {
  private readonly dispatcher: Agent;

  private constructor(
    readonly conduit: LocalConduit,
    readonly siteId: string,
    readonly practiceId: string,
    readonly integrator: DemoIntegrator,
    readonly grantId: string | undefined,
  ) {
    this.dispatcher = new Agent({ connect: { ca: readFileSync(conduit.caFile) } });
  }

  static async start(wishes: ConduitWishes = {}): Promise<TestConduit> {
    const conduit = new LocalConduit({
      stateDirectory: wishes.stateDirectory ?? mkdtempSync(join(tmpdir(), 'conduit-test-')),
      apiPort: await steadyPort(),
      gatewayPort: await steadyPort(),
      consolePort: await steadyPort(),
      sandboxPort: await steadyPort(),
      scale: wishes.scale ?? FILLED_SCALE,
      ...(wishes.brokerEnv && { brokerEnv: wishes.brokerEnv }),
      ...(wishes.agentEnv && { agentEnv: wishes.agentEnv }),
      ...(wishes.brokerProgram && { brokerProgram: wishes.brokerProgram }),
      ...(wishes.agentProgram && { agentProgram: wishes.agentProgram }),
      ...pmsFromEnvironment(),
      ...(wishes.pms && { pms: wishes.pms }),
    });
    try {
      return await TestConduit.introduce(conduit, wishes);
    } catch (error) {
      await conduit.stop();
      rmSync(conduit.options.stateDirectory, { recursive: true, force: true });
      throw error;
    }
  }

  private static async introduce(conduit: LocalConduit, wishes: ConduitWishes) {
    await conduit.startRedis();
    layEmptyStore(conduit.path('broker', 'database'));
    if (!conduit.options.pms) layFilledClinic(conduit.path('sandbox'), conduit.options.scale ?? 0);
    await Promise.all([conduit.startPms(), conduit.startBroker()]);
    const practice = await registerPractice(conduit, 'Zz Test Clinic');
    conduit.configureAgent(practice.siteId, { ...journalFromEnvironment(), ...wishes.site });
    await enrolAgent(conduit, practice.enrolmentCode);
    if (wishes.ceiling) {
      writeFileSync(conduit.path('agent', 'ceiling.json'), JSON.stringify(wishes.ceiling));
    }
    await conduit.startAgent();
    const integrator = await registerIntegrator(conduit, 'Test Integrator');
    await pair(conduit, integrator.subscriptionKey);
    const { approval = [] } = wishes;
    const grant =
      approval === 'none' ? undefined : await approve(conduit, integrator.integratorId, approval);
    const { siteId, practiceId } = practice;
    const test = new TestConduit(conduit, siteId, practiceId, integrator, grant?.grantId);
    await test.untilAvailability('online');
    return test;
  }

  get queriesPath(): string {
    return `/integrator/sites/${this.siteId}/queries`;
  }

  async open(method: Dispatcher.HttpMethod, path: string, options: CallOptions = {}) {
    const { headers = {}, key = this.integrator.subscriptionKey, signal, raw, body } = options;
    return this.dispatcher.request({
      origin: options.origin ?? this.conduit.apiOrigin,
      path,
      method,
      headers: {
        ...(key !== '' && { 'ocp-apim-subscription-key': key }),
        ...((raw ?? body) !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...((raw ?? body) !== undefined && { body: raw ?? JSON.stringify(body) }),
      ...(signal && { signal }),
    });
  }

  async call(
    method: Dispatcher.HttpMethod,
    path: string,
    options: CallOptions = {},
  ): Promise<Answer> {
    const answer = await this.open(method, path, options);
    const text = await answer.body.text();
    const isJson = String(answer.headers['content-type'] ?? '').includes('json');
    const isOneValue = isJson && !String(answer.headers['content-type']).includes('ndjson');
    return {
      status: answer.statusCode,
      headers: answer.headers,
      body: isOneValue && text !== '' ? (JSON.parse(text) as unknown) : text,
    };
  }

  /** An immediate query; `search` may hold `?columns=true` and the like. */
  query(
    command: object,
    more: { catalogue?: string; maxTimeInQueue?: number } = {},
    search = '',
    options: CallOptions = {},
  ) {
    return this.call('POST', `${this.queriesPath}/immediate${search}`, {
      body: { command, ...more },
      ...options,
    });
  }

  /** The rows of a reader query that must succeed. */
  async rows(text: string, parameters: object[] = []): Promise<Record<string, unknown>[]> {
    const answer = await this.query({ text, parameters });
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    const { result } = answer.body as { result: { data: string } };
    return JSON.parse(Buffer.from(result.data, 'base64').toString()) as Record<string, unknown>[];
  }

  /** The agent's command line, with --json. */
  agent<T>(...words: string[]): Promise<T> {
    return agentCommand<T>(this.conduit.agentFolder, words);
  }

  async untilAvailability(
    wanted: 'online' | 'offline' | 'unreachable',
    withinMs = 20_000,
  ): Promise<void> {
    const end = Date.now() + withinMs;
    for (;;) {
      const answer = await this.call('GET', `/integrator/sites/${this.siteId}`);
      const { availability } = answer.body as { availability?: string };
      if (availability === wanted) return;
      if (Date.now() > end) throw new Error(`the site is ${availability}, not ${wanted}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async stop(): Promise<void> {
    await this.dispatcher.destroy();
    await this.conduit.stop();
    rmSync(this.conduit.options.stateDirectory, { recursive: true, force: true });
  }
}

function pmsFromEnvironment(): { pms?: string } {
  const url = process.env['CONDUIT_TEST_PMS_URL'];
  return url ? { pms: url } : {};
}

/** `npm run sandbox:load` makes the write journal's place too. */
function journalFromEnvironment(): object {
  return process.env['CONDUIT_TEST_PMS_URL'] ? { journal: { database: 'ConduitJournal' } } : {};
}

/** The only way into an end-to-end test. */
export const startConduit = (wishes?: ConduitWishes): Promise<TestConduit> =>
  TestConduit.start(wishes);
