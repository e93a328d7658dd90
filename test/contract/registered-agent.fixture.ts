/** An agent for registered queries at the far end of a scripted link: holds, runs at a test's word, seals, reports. */
import { enrolAgentOf } from '#test/contract/enrolled-agent.fixture.js';
import { randomBytes, randomUUID } from 'node:crypto';
import { RegisteredLinksController } from '#apps/broker/src/registered/registered-links.controller.js';
import { agentPatterns } from '#libs/contracts/link-messages.js';
import {
  runParts,
  runSealId,
  type FetchRegisteredMeta,
  type PutRegisteredMeta,
  type RegisteredQueryDto,
  type RegisteredRunReport,
} from '#libs/contracts/registered.js';
import { encodePage } from '#libs/contracts/result-page.js';
import type { DeltaEntry } from '#libs/contracts/row-delta.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { LinkContext } from '#libs/link/link-context.js';
import { StreamedReply } from '#libs/link/link-reply.js';
import { LinkRequest } from '#libs/link/link-request.js';
import { makeEncryptionKey, type KeyPair } from '#libs/pki/keys.js';
import { openRequest } from '#libs/sealing/seal-request.js';
import { ResultSealer } from '#libs/sealing/seal-result.js';
import type { PretendApi, Script } from '#test/contract/api.fixture.js';
import type { PairedSite } from '#test/contract/paired-site.fixture.js';

interface Held {
  meta: PutRegisteredMeta;
  body: RegisteredQueryDto;
}

interface KeptRun {
  keyEnvelope: string;
  frames: Buffer[];
}

export class RegisteredAgent {
  readonly held = new Map<string, Held>();
  readonly ended: string[] = [];
  readonly fetched: string[] = [];
  /** Thrown at the next put. */
  refusal: ConduitError | undefined;
  private readonly runs = new Map<string, KeptRun>();
  private run = 1_000;

  private constructor(
    private readonly api: PretendApi,
    private readonly site: PairedSite,
    private readonly keys: KeyPair,
    readonly agentId: string,
  ) {}

  static async of(api: PretendApi, site: PairedSite): Promise<RegisteredAgent> {
    const agent = new RegisteredAgent(api, site, makeEncryptionKey(), randomUUID());
    await enrolAgentOf(api, site, agent.agentId, agent.keys.publicKey);
    return agent;
  }

  /** Puts it on a link, and syncs as an agent does then. */
  async attach(): Promise<void> {
    const scripts: Record<string, Script> = {
      [agentPatterns.putRegistered]: (request) => this.put(request as never),
      [agentPatterns.endRegistered]: ({ meta }) => {
        const { registeredId } = meta as unknown as FetchRegisteredMeta;
        this.held.delete(registeredId);
        this.ended.push(registeredId);
        return {};
      },
      [agentPatterns.fetchRegistered]: (request) => this.fetch(request.meta as never),
    };
    this.api.attach(this.site.siteId, () => ({}), scripts);
    await this.sync();
  }

  detach(): void {
    this.api.links.clients.delete(this.site.siteId);
  }

  sync(): Promise<void> {
    const held = [...this.held.values()].map(({ meta: { registeredId, revision } }) => ({
      registeredId,
      revision,
    }));
    return this.tell('sync', { held });
  }

  /** @returns what was reported */
  async changes(
    registeredId: string,
    rows: object[],
    entries?: DeltaEntry[],
    more: Partial<RegisteredRunReport> = {},
  ): Promise<RegisteredRunReport> {
    const run = ++this.run;
    const basis = entries ? run - 1 : 0;
    const size = JSON.stringify(rows).length;
    this.keep(registeredId, run, [
      [runParts.outcome, { rows: rows.length, size, parameters: null }],
      [runParts.rows, rows],
      ...(entries ? ([[runParts.delta, { keyed: true, entries }]] as const) : []),
    ]);
    const hash = randomBytes(32).toString('base64');
    const counts = { hash, rows: rows.length, size, basis };
    return this.report({ ...this.when(registeredId, run), outcome: 'changed', ...counts, ...more });
  }

  async fails(registeredId: string, more: Partial<RegisteredRunReport> = {}) {
    const run = ++this.run;
    const sealer = this.sealer(registeredId, run);
    const words = { errorType: 'mssql', errorCode: 208, errorMessage: "Invalid name 'ZzNope'." };
    const text = Buffer.from(JSON.stringify(words));
    const header = { page: runParts.error, rowsStart: 0, rowsEnd: -1, plainBytes: text.length };
    const sealed = sealer.sealPage(header, text);
    return this.report({
      ...this.when(registeredId, run),
      ...{ outcome: 'failed', errorCode: 'STATEMENT_FAILED', errorType: 'mssql', errorNumber: 208 },
      sealedError: { keyEnvelope: sealer.keyEnvelope, sealed: sealed.toString('base64url') },
      ...more,
    });
  }

  async report(report: RegisteredRunReport): Promise<RegisteredRunReport> {
    await this.tell('report', { runs: [report] });
    return report;
  }

  forget(run: RegisteredRunReport): void {
    this.runs.delete(runSealId(run.registeredId, run.run));
  }

  private when(registeredId: string, run: number) {
    return { registeredId, run, startedAtMs: Date.now(), executionMs: 3 };
  }

  private async tell(what: 'report' | 'sync', meta: object): Promise<void> {
    const controller = this.api.app.get(RegisteredLinksController, { strict: false });
    const context = new LinkContext(undefined as never, { agentId: this.agentId } as never);
    await controller[what](
      new LinkRequest(`registered.${what}`, meta as never, Buffer.alloc(0)),
      context as never,
    );
  }

  private put({ meta, body }: LinkRequest<PutRegisteredMeta & Record<string, unknown>>): object {
    const { registeredId, siteId, integratorId, keyId, resultKey } = meta;
    if (this.refusal) throw this.refusal;
    const known = this.held.get(registeredId);
    if (!known && body.length === 0) throw new ConduitError('QUERY_GONE');
    const context = { queryId: registeredId, siteId, integratorId, keyId, resultKey };
    const text = known
      ? known.body
      : (JSON.parse(
          openRequest(this.keys.privateKey, { ...context, idempotencyKey: '' }, body).toString(),
        ) as RegisteredQueryDto);
    this.held.set(registeredId, { meta, body: text });
    return {};
  }

  private fetch({ registeredId, run }: FetchRegisteredMeta): StreamedReply {
    const name = runSealId(registeredId, run);
    this.fetched.push(name);
    const kept = this.runs.get(name);
    if (!kept) throw new ConduitError('RESULT_GONE');
    return new StreamedReply({
      head: { keyEnvelope: kept.keyEnvelope },
      body: (async function* () {
        yield* kept.frames;
      })(),
      end: () => ({}),
    });
  }

  private sealer(registeredId: string, run: number): ResultSealer {
    const meta = this.held.get(registeredId)?.meta;
    if (!meta) throw new Error('the agent does not hold it');
    const { resultKey, siteId, integratorId } = meta;
    const queryId = runSealId(registeredId, run);
    return new ResultSealer(resultKey, { queryId, siteId, integratorId });
  }

  private keep(registeredId: string, run: number, parts: (readonly [number, unknown])[]): void {
    const sealer = this.sealer(registeredId, run);
    const frames = parts.flatMap(([page, value]) => {
      const plain = Buffer.from(JSON.stringify(value));
      const header = { page, rowsStart: 0, rowsEnd: -1, plainBytes: plain.length };
      return encodePage({ header, sealed: sealer.sealPage(header, plain) });
    });
    this.runs.set(runSealId(registeredId, run), { keyEnvelope: sealer.keyEnvelope, frames });
  }
}
