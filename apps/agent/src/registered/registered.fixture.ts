/** An agent's registered queries over a state folder of their own, with a statement that a test answers. */
import { randomBytes, randomUUID, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { RunQueryEnd } from '#libs/contracts/link-messages.js';
import { decodePages } from '#libs/contracts/result-page.js';
import {
  runSealId,
  type PutRegisteredMeta,
  type RegisteredQueryDto,
  type RegisteredRunReport,
  type SyncRegisteredMeta,
} from '#libs/contracts/registered.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { StreamedReply } from '#libs/link/link-reply.js';
import { makeEncryptionKey, rawPublicKey } from '#libs/pki/keys.js';
import { openText } from '#libs/sealing/page-text.js';
import { deriveResultKey } from '#libs/sealing/result-key.js';
import { sealRequest } from '#libs/sealing/seal-request.js';
import { ResultOpener } from '#libs/sealing/seal-result.js';
import { KeptJournal, OpenGate } from '#apps/agent/src/execution/execution.fixture.js';
import type { QueryRequest } from '#apps/agent/src/execution/query-request.js';
import { StatementFingerprint } from '#apps/agent/src/execution/statement-fingerprint.js';
import { BrokerLine } from '#apps/agent/src/grants/broker-line.port.js';
import { acceptanceNote } from '#apps/agent/src/registered/acceptance-note.js';
import { BrokerTalk } from '#apps/agent/src/registered/broker-talk.js';
import { PerformRun } from '#apps/agent/src/registered/perform-run.js';
import { RegisteredQueries } from '#apps/agent/src/registered/registered-queries.js';
import { RegisteredShelf } from '#apps/agent/src/registered/registered-shelf.js';
import { SealedFolder } from '#apps/agent/src/registered/sealed-folder.js';
import { SystemTimeline, type Timeline } from '#apps/agent/src/registered/timeline.js';
import { TrustedTime } from '#apps/agent/src/registered/trusted-time.js';

export const aSiteId = '6f1d2c3b-4a59-4e68-8f70-112233445566';
const integratorId = '5e2d7c4b-1a2b-4c3d-8e9f-0a1b2c3d4e5f';
const agentKey = makeEncryptionKey();

/** A broker that can be away, and that can lose its answer. */
export class ScriptedLine extends BrokerLine {
  override attached = true;
  losesAnswers = false;
  refuses: (report: RegisteredRunReport) => boolean = () => false;
  readonly reports: RegisteredRunReport[] = [];
  readonly syncs: SyncRegisteredMeta[] = [];
  private readonly listeners: (() => void)[] = [];

  override ask(pattern: string, meta: object): Promise<object> {
    if (!this.attached) return Promise.reject(new ConduitError('LINK_CLOSED'));
    if (pattern === 'registered.sync') this.syncs.push(meta as SyncRegisteredMeta);
    else {
      const { runs } = structuredClone(meta) as { runs: RegisteredRunReport[] };
      if (runs.some(this.refuses)) return Promise.reject(new ConduitError('REQUEST_INVALID'));
      this.reports.push(...runs);
    }
    if (this.losesAnswers) return Promise.reject(new ConduitError('LINK_CLOSED'));
    return Promise.resolve({ brokerTimeMs: Date.now() });
  }

  override onAttached(listener: () => void): void {
    this.listeners.push(listener);
  }

  attach(): void {
    this.attached = true;
    for (const listener of this.listeners) listener();
  }
}

type Answer = object[] | RunQueryEnd | ConduitError;

export class RegisteredScene {
  readonly folder = mkdtempSync(join(tmpdir(), 'conduit-registered-'));
  readonly line = new ScriptedLine();
  readonly gate = new OpenGate();
  readonly asked: QueryRequest[] = [];
  readonly failures: string[] = [];
  readonly journal = new KeptJournal();
  readonly fingerprints = new StatementFingerprint(Buffer.alloc(32, 1));
  readonly secret = randomBytes(32);
  /** What the next runs are answered with. */
  answer: Answer | (() => Promise<Answer>) = [];
  queries!: RegisteredQueries;
  shelf!: RegisteredShelf;

  private constructor(
    private readonly timeline: Timeline,
    private readonly maxBytes: number,
  ) {}

  static async open(
    timeline: Timeline = new SystemTimeline(),
    maxBytes = 64 * 1024 * 1024,
  ): Promise<RegisteredScene> {
    const scene = new RegisteredScene(timeline, maxBytes);
    await scene.start();
    return scene;
  }

  async start(): Promise<void> {
    const { timeline, line, gate } = this;
    const shelf = await RegisteredShelf.open(await SealedFolder.open(this.folder, this.maxBytes));
    const time = new TrustedTime(timeline);
    const talk = new BrokerTalk({ shelf, line, timeline, onTime: () => undefined });
    const runner = { execute: (request: QueryRequest) => this.execute(request) };
    const perform = new PerformRun({ shelf, runner, gate, timeline, time });
    this.shelf = shelf;
    this.queries = new RegisteredQueries({
      ...{ shelf, perform, talk, timeline, time },
      findKey: (publicKey): KeyObject | undefined =>
        publicKey === agentPublicKey ? agentKey.privateKey : undefined,
      leastFrequencyOf: (siteId) => (siteId === aSiteId ? 1 : undefined),
      onFailed: (code) => this.failures.push(code),
      noteAccepted: (definition, statement) =>
        this.journal.record(acceptanceNote(definition, this.fingerprints.of(statement))),
    });
    await this.queries.start();
  }

  /** As after a crash: nothing is asked to finish. */
  async restart(): Promise<void> {
    await this.queries.stop();
    await this.start();
  }

  async close(): Promise<void> {
    await this.queries.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** @returns its id */
  async put(
    changes: Partial<PutRegisteredMeta> = {},
    body: Partial<RegisteredQueryDto> = {},
  ): Promise<string> {
    const registeredId = changes.registeredId ?? randomUUID();
    const resultKey = deriveResultKey(this.secret, registeredId).publicKey;
    const context = { queryId: registeredId, siteId: aSiteId, integratorId, keyId: 'key-1' };
    const text = JSON.stringify({
      name: 'Zz',
      registeredQueryType: 'query',
      frequency: 60,
      duration: 3_600,
      registerCommand: { command: { text: 'SELECT 1 AS a' } },
      ...body,
    });
    const sealed = sealRequest(
      agentPublicKey,
      { ...context, resultKey, idempotencyKey: '' },
      Buffer.from(text),
    );
    await this.queries.put(this.metaOf(registeredId, changes), sealed);
    return registeredId;
  }

  metaOf(registeredId: string, changes: Partial<PutRegisteredMeta> = {}): PutRegisteredMeta {
    const nowMs = this.timeline.wallMs();
    return {
      ...{ registeredId, siteId: aSiteId, integratorId, keyId: 'key-1' },
      ...{ grantId: 'grant-1', grantSeq: 1, sealedTo: agentPublicKey, revision: 1 },
      resultKey: deriveResultKey(this.secret, registeredId).publicKey,
      frequencySeconds: 60,
      endsAtMs: nowMs + 3_600_000,
      brokerTimeMs: nowMs,
      ...changes,
    };
  }

  /** Waits for reports of the kind wanted, without looking at the clock. */
  async reported(count: number): Promise<RegisteredRunReport[]> {
    const endMs = Date.now() + 10_000;
    while (this.line.reports.length < count) {
      if (Date.now() > endMs) throw new Error(`${this.line.reports.length} reports came`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return this.line.reports;
  }

  /** The parts of a run, opened as their owner does. */
  async opened(
    registeredId: string,
    run: number,
    more: { pageEncoding?: 'br' } = {},
  ): Promise<Record<number, unknown>> {
    const { keyEnvelope, frames } = await this.queries.fetch({ registeredId, run, ...more });
    const { privateKey } = deriveResultKey(this.secret, registeredId);
    const context = { queryId: runSealId(registeredId, run), siteId: aSiteId, integratorId };
    const opener = new ResultOpener(privateKey, keyEnvelope, context);
    const parts: Record<number, unknown> = {};
    for await (const page of decodePages(Readable.from(frames))) {
      parts[page.header.page] = JSON.parse((await openText(opener, page)).toString());
    }
    return parts;
  }

  private async execute(request: QueryRequest): Promise<StreamedReply | RunQueryEnd> {
    this.asked.push(request);
    const answer = typeof this.answer === 'function' ? await this.answer() : this.answer;
    if (answer instanceof ConduitError) throw answer;
    if (!Array.isArray(answer)) return answer;
    const text = Buffer.from(JSON.stringify(answer));
    const end = { status: 'successful' as const, rows: answer.length, size: text.length };
    return new StreamedReply({
      head: { encoding: 'identity' },
      body: Readable.from([text.subarray(0, 3), text.subarray(3)]),
      end: () => ({ ...end, sqlExecutionMs: 2, waitedMs: 0 }),
    });
  }
}

const agentPublicKey = rawPublicKey(agentKey.publicKey).toString('base64url');
