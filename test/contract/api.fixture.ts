/**
 * The broker's whole application over HTTP on a port of its own, with two doors replaced: which
 * links there are and what was granted. Behind the link is a scripted agent on a real libs/link
 * pair, so that streaming, credit, cancellation and cuts are the true ones.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { ConsoleOrigin } from '#apps/broker/src/access/console-origin.js';
import { MemoryBroadcast } from '#apps/broker/src/broadcast/broadcast.memory.js';
import { BrokerModule } from '#apps/broker/src/broker.module.js';
import { makeAdapter, prepareServer } from '#apps/broker/src/edge/http-server.js';
import { RequestCount } from '#apps/broker/src/edge/request-count.js';
import {
  SiteLinks,
  type AsyncPlaces,
  type SiteAvailability,
} from '#apps/broker/src/gateway/site-links.port.js';
import { GrantBook, type GrantLookup } from '#apps/broker/src/grants/grant-book.port.js';
import { BackgroundJobs } from '#apps/broker/src/jobs/background-jobs.js';
import { MemoryEventLog } from '#apps/broker/src/logging/event-log.js';
import { readBrokerConfig } from '#apps/broker/src/read-broker-config.js';
import { agentPatterns, type RunQueryMeta } from '#libs/contracts/link-messages.js';
import { openMemoryStore } from '#libs/db/empty-store.fixture.js';
import type { OpenedDatabase } from '#libs/db/open-database.js';
import { SystemClock } from '#libs/kernel/clock.js';
import { LinkClient } from '#libs/link/link-client.js';
import type { LinkContext } from '#libs/link/link-context.js';
import type { LinkReply } from '#libs/link/link-reply.js';
import { StreamedReply } from '#libs/link/link-reply.js';
import type { LinkRequest } from '#libs/link/link-request.js';
import { LinkServer } from '#libs/link/link-server.js';
import { aLinkPair } from '#libs/link/socket-pair.fixture.js';

export type Script = (
  request: LinkRequest<RunQueryMeta & Record<string, unknown>>,
  context: LinkContext,
) => Promise<object | LinkReply> | object | LinkReply;

/** Rows as the agent sends them: text, a size, a number. */
export function rowsReply(rows: object[], more: object = {}): StreamedReply {
  const text = Buffer.from(JSON.stringify(rows));
  return new StreamedReply({
    head: { encoding: 'identity' },
    body: (async function* () {
      yield text;
    })(),
    end: () => ({
      status: 'successful',
      rows: rows.length,
      size: text.length,
      sqlExecutionMs: 3,
      waitedMs: 0,
      ...more,
    }),
  });
}

class PretendLinks extends SiteLinks {
  readonly clients = new Map<string, LinkClient>();
  state: SiteAvailability = 'offline';

  override find(siteId: string): LinkClient | undefined {
    return this.clients.get(siteId);
  }

  override availability(siteId: string): SiteAvailability {
    return this.clients.has(siteId) ? 'online' : this.state;
  }

  override asyncPlaces(): AsyncPlaces {
    return { all: 6, each: 3 };
  }
}

class PretendGrants extends GrantBook {
  readonly lookups = new Map<string, GrantLookup>();

  override find(siteId: string, integratorId: string): GrantLookup {
    return this.lookups.get(`${siteId} ${integratorId}`) ?? { state: 'none' };
  }

  override pairedSites(integratorId: string): string[] {
    return [...this.lookups.keys()]
      .filter((key) => key.endsWith(` ${integratorId}`))
      .map((key) => key.split(' ')[0] ?? '');
  }
}

export class PretendApi {
  readonly links = new PretendLinks();
  readonly grants = new PretendGrants();
  readonly log = new MemoryEventLog();
  app!: NestFastifyApplication;
  database!: OpenedDatabase;
  url!: string;
  operatorToken!: string;
  pairingPepper!: Buffer;
  private folder!: string;

  static async start(environment: Record<string, string> = {}): Promise<PretendApi> {
    const api = new PretendApi();
    api.folder = mkdtempSync(join(tmpdir(), 'conduit-api-'));
    const config = readBrokerConfig({
      CONDUIT_STATE_DIR: api.folder,
      CONDUIT_KEY_RATE_BURST: '10000',
      CONDUIT_KEY_RATE_PER_SECOND: '10000',
      ...environment,
    });
    api.operatorToken = config.operatorToken.reveal();
    api.pairingPepper = config.pairingPepper.reveal();
    api.database = await openMemoryStore();
    const { kysely } = api.database;
    const clock = new SystemClock();
    const resources = { config, kysely, clock, broadcast: new MemoryBroadcast(), log: api.log };
    const built = await Test.createTestingModule({ imports: [BrokerModule.of(resources)] })
      .overrideProvider(SiteLinks)
      .useValue(api.links)
      .overrideProvider(GrantBook)
      .useValue(api.grants)
      .compile();
    api.app = built.createNestApplication<NestFastifyApplication>(
      makeAdapter({ trustProxy: config.trustProxy }),
      { logger: false, bodyParser: false },
    );
    await prepareServer(api.app, new RequestCount(() => undefined));
    await api.app.listen(0, '127.0.0.1');
    api.app.get(BackgroundJobs).start();
    const { port } = api.app.getHttpServer().address() as AddressInfo;
    api.url = `http://127.0.0.1:${port}`;
    api.app.get(ConsoleOrigin).listensOn(port);
    return api;
  }

  /** Cuts what is open first: a client that never reads its answer would keep the server waiting. */
  async stop(): Promise<void> {
    this.app.getHttpServer().closeAllConnections();
    await this.app.close();
    await this.database.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /**
   * Attaches a scripted agent to a site.
   * @param others scripts by the pattern that they answer
   * @returns cuts its link
   */
  attach(siteId: string, script: Script, others: Record<string, Script> = {}): () => void {
    const { dialler, listener } = aLinkPair();
    const server = new LinkServer();
    for (const [pattern, answer] of Object.entries({
      [agentPatterns.runQuery]: script,
      ...others,
    })) {
      const handler = (request: unknown, context: unknown) =>
        Promise.resolve(answer(request as never, context as LinkContext));
      server.addHandler(pattern, handler as never);
    }
    server.listen(() => undefined);
    server.attach(dialler, 'broker');
    this.links.clients.set(siteId, new LinkClient(listener));
    return () => dialler.close();
  }

  async operator(path: string, body: object): Promise<Record<string, string>> {
    const response = await this.call('POST', path, {
      headers: { authorization: `Bearer ${this.operatorToken}` },
      body,
    });
    return (await response.json()) as Record<string, string>;
  }

  /** @param body objects become JSON */
  call(
    method: string,
    path: string,
    options: {
      key?: string;
      headers?: Record<string, string>;
      body?: object | string | Buffer;
      signal?: AbortSignal;
    } = {},
  ): Promise<Response> {
    const { key, headers, body, signal } = options;
    const isText = typeof body === 'string' || Buffer.isBuffer(body);
    return fetch(this.url + path, {
      method,
      headers: {
        ...(key !== undefined && { 'Ocp-Apim-Subscription-Key': key }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: (isText ? body : JSON.stringify(body)) as never }),
      ...(signal && { signal }),
    });
  }
}
