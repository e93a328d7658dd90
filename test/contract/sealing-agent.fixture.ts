/** An agent for async queries at the far end of a scripted link: opens what it is asked, seals what it answers. */
import { randomUUID } from 'node:crypto';
import { enrolAgentOf } from '#test/contract/enrolled-agent.fixture.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentKeyBook } from '#apps/broker/src/async-queries/agent-key-book.js';
import type { RunQueryEnd, RunQueryMeta } from '#libs/contracts/link-messages.js';
import { encodePage, type SealedPage } from '#libs/contracts/result-page.js';
import { StreamedReply } from '#libs/link/link-reply.js';
import { makeEncryptionKey, type KeyPair } from '#libs/pki/keys.js';
import { openRequest } from '#libs/sealing/seal-request.js';
import { sealText } from '#libs/sealing/page-text.js';
import { ResultSealer } from '#libs/sealing/seal-result.js';
import type { PretendApi, Script } from '#test/contract/api.fixture.js';
import type { PairedSite } from '#test/contract/paired-site.fixture.js';

type AsyncMeta = RunQueryMeta & { sealedTo: string; resultKey: string; idempotencyKey: string };

export interface SealedAnswer {
  /** Rows of each page. */
  pages?: object[][];
  /** Page 0. */
  outcome?: object;
  end?: Partial<RunQueryEnd>;
  /** Awaited before each page of rows. */
  beforePage?: (page: number) => Promise<void> | void;
  /** Awaited when the header of a page of rows has left, and its rows have not. */
  withinPage?: (page: number) => Promise<void> | void;
}

/** What the caller asked, as the agent reads it. */
export interface Asked {
  meta: AsyncMeta;
  body: { command: { text: string }; catalogue?: string };
  signal: AbortSignal;
}

export class SealingAgent {
  readonly asked: Asked[] = [];
  /** The first word of the answer to each query. */
  answer: (asked: Asked) => SealedAnswer | Promise<SealedAnswer> = () => ({ pages: [[{ a: 1 }]] });

  /** False: as an agent that never heard of pages that name their encoding. */
  packs = true;

  private constructor(readonly keys: KeyPair) {}

  /** Serves the site in the broker's registry; `attach` puts it on a link. */
  static async of(api: PretendApi, site: PairedSite): Promise<SealingAgent> {
    const agent = new SealingAgent(makeEncryptionKey());
    await enrolAgentOf(api, site, randomUUID(), agent.keys.publicKey);
    await api.app.get(AgentKeyBook, { strict: false }).refresh();
    return agent;
  }

  get script(): Script {
    return async (request, context) => {
      const meta = request.meta as unknown as AsyncMeta;
      const { queryId, siteId, integratorId, keyId, resultKey, idempotencyKey } = meta;
      const bound = { queryId, siteId, integratorId, keyId, resultKey, idempotencyKey };
      const opened = openRequest(this.keys.privateKey, bound, request.body);
      const asked = {
        meta,
        body: JSON.parse(opened.toString('utf8')) as Asked['body'],
        signal: context.signal,
      };
      this.asked.push(asked);
      const { pageEncoding: _, ...older } = meta;
      return sealedReply(this.packs ? meta : older, await this.answer(asked));
    };
  }
}

function sealedReply(meta: AsyncMeta, answer: SealedAnswer): StreamedReply {
  const sealer = new ResultSealer(meta.resultKey, meta);
  const { pages = [], outcome = {}, beforePage, withinPage, end = {} } = answer;
  const seal = (page: number, content: object, rowsStart: number): Promise<SealedPage> => {
    const text = Buffer.from(JSON.stringify(content));
    const rows = Array.isArray(content) ? content.length : 0;
    const place = { page, rowsStart, rowsEnd: rowsStart + rows - 1 };
    return sealText(sealer, place, text, meta.pageEncoding);
  };
  const count = pages.reduce((sum, rows) => sum + rows.length, 0);
  return new StreamedReply({
    head: { encoding: 'identity', keyEnvelope: sealer.keyEnvelope },
    body: (async function* () {
      const sealed: SealedPage[] = [];
      let rowsStart = 0;
      for (const [index, rows] of pages.entries()) {
        sealed.push(await seal(index + 1, rows, rowsStart));
        rowsStart += rows.length;
      }
      const headers = sealed.map(({ header }) => header);
      for (const one of sealed) {
        const { page } = one.header;
        await beforePage?.(page);
        const [before, ...rest] = encodePage(one, headers.slice(page));
        yield before as Buffer;
        await withinPage?.(page);
        yield* rest;
      }
      yield* encodePage(await seal(0, outcome, 0));
    })(),
    end: () => ({
      status: 'successful',
      rows: count,
      size: 0,
      sqlExecutionMs: 3,
      waitedMs: 0,
      ...end,
    }),
  });
}

/** An async query as its caller reads it. */
export interface QueryView {
  id: string;
  status: string;
  code?: string;
  queue?: { position?: number; reason: string };
  result?: {
    rows?: number;
    rowsAffected?: number;
    pages: { pageNumber: number; status: string }[];
  };
  [more: string]: unknown;
}

export class AsyncCaller {
  constructor(
    private readonly api: PretendApi,
    readonly site: PairedSite,
  ) {}

  get path(): string {
    return `${this.site.path}/queries`;
  }

  submit(text = 'SELECT 1 AS a', more: object = {}, headers: Record<string, string> = {}) {
    const body = { command: { text }, ...more };
    return this.api.call('POST', `${this.path}/async`, { key: this.site.key, body, headers });
  }

  async submitted(text?: string, more?: object): Promise<string> {
    const response = await this.submit(text, more);
    const view = (await response.json()) as QueryView;
    if (response.status !== 201) throw new Error(JSON.stringify(view));
    return view.id;
  }

  get(path: string, key = this.site.key): Promise<Response> {
    return this.api.call('GET', `${this.path}/${path}`, { key });
  }

  remove(path: string): Promise<Response> {
    return this.api.call('DELETE', `${this.path}/${path}`, { key: this.site.key });
  }

  async view(queryId: string): Promise<QueryView> {
    return (await (await this.get(queryId)).json()) as QueryView;
  }

  /** Its status once it is one of these. */
  async until(queryId: string, ...wanted: string[]): Promise<QueryView> {
    for (const end = Date.now() + 20_000; ; await sleep(20)) {
      const view = await this.view(queryId);
      if (wanted.includes(view.status)) return view;
      if (Date.now() > end) throw new Error(`${JSON.stringify(view)} is not ${wanted.join()}`);
    }
  }

  async rows(queryId: string, page: number): Promise<unknown> {
    const body = (await (await this.get(`${queryId}/results/${page}`)).json()) as { data: string };
    return JSON.parse(Buffer.from(body.data, 'base64').toString('utf8'));
  }
}
