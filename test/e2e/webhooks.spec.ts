/**
 * Webhooks of a running conduit, received over real HTTPS: by the receiver that docs/webhooks.md
 * prints, by receivers that misbehave, and over restarts of the broker and a Redis that lost all.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { answerStatus, Receiver } from '#apps/broker/src/webhooks/receiver.fixture.js';
import { AsyncClient } from '#test/e2e/async-client.fixture.js';
import { settle } from '#test/support/settle.js';
import { startConduit, type TestConduit } from '#test/support/start-conduit.js';

interface Webhook {
  id: string;
  secret: string;
  previousPublicKey?: string;
}

interface Delivery {
  id: string;
  type: string;
  state: string;
  queryId?: string;
  attempts: { statusCode?: number; error?: string; durationMs: number }[];
}

const ENDPOINTS = '/integrator/webhooks';
const WAIT_MS = 30_000;

let receiver: Receiver;
let unknownAuthority: Receiver;
let conduit: TestConduit;
let client: AsyncClient;

beforeAll(async () => {
  receiver = await Receiver.start();
  unknownAuthority = await Receiver.start();
  conduit = await startConduit({
    brokerEnv: {
      CONDUIT_WEBHOOK_PRIVATE_RANGES: '127.0.0.0/8,::1',
      CONDUIT_WEBHOOK_CA_FILE: receiver.caFile,
    },
  });
  client = new AsyncClient(conduit);
}, 120_000);

afterAll(async () => {
  await conduit?.stop();
  await receiver?.stop();
  await unknownAuthority?.stop();
});

async function call<T>(method: 'GET' | 'POST' | 'PATCH', path: string, body?: object): Promise<T> {
  const answer = await conduit.call(method, path, body ? { body } : {});
  if (answer.status >= 300) throw new Error(JSON.stringify(answer.body));
  return answer.body as T;
}

const aWebhook = (order: object): Promise<Webhook> => call('POST', ENDPOINTS, order);

/** The endpoint's newest delivery of a type, once it is in the state. */
function untilDelivery(webhook: Webhook, type: string, state: string): Promise<Delivery> {
  return settle(`${type} is ${state}`, WAIT_MS, async () => {
    const path = `${ENDPOINTS}/${webhook.id}/deliveries`;
    const { deliveries } = await call<{ deliveries: Delivery[] }>('GET', path);
    return deliveries.find((delivery) => delivery.type === type && delivery.state === state);
  });
}

/** The receiver of the document, as a reader would run it. */
class PrintedReceiver {
  private constructor(
    private readonly folder: string,
    private readonly program: ChildProcess,
    private readonly lines: string[],
    readonly url: string,
  ) {}

  static async start(secrets: string, port = 0): Promise<PrintedReceiver> {
    const text = readFileSync(new URL('../../docs/webhooks.md', import.meta.url), 'utf8');
    const block = /^```js receiver\.mjs\n([\s\S]*?)^```$/m.exec(text)?.[1];
    if (block === undefined) throw new Error('docs/webhooks.md prints no receiver');
    const folder = mkdtempSync(join(tmpdir(), 'conduit-printed-'));
    const { key, cert } = await receiver.authority.server();
    writeFileSync(join(folder, 'receiver.mjs'), block);
    writeFileSync(join(folder, 'key.pem'), key);
    writeFileSync(join(folder, 'cert.pem'), cert);
    const program = spawn(process.execPath, ['receiver.mjs'], {
      cwd: folder,
      env: { WEBHOOK_SECRETS: secrets, PORT: String(port) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines: string[] = [];
    const reader = createInterface(program.stdout as NodeJS.ReadableStream);
    reader.on('line', (line) => lines.push(line));
    const first = await settle('it listens', WAIT_MS, () => lines[0]);
    const url = `https://localhost:${first.replace('port ', '')}/conduit`;
    return new PrintedReceiver(folder, program, lines, url);
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** What it printed of the query. */
  lineOf(queryId: string): Promise<string> {
    return settle(`a line of ${queryId}`, WAIT_MS, () =>
      this.lines.find((line) => line.includes(queryId)),
    );
  }

  async stop(): Promise<void> {
    const exited = once(this.program, 'exit');
    this.program.kill('SIGKILL');
    await exited;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

test('the receiver of the document takes real deliveries, and keeps its secret through a rotation', async () => {
  // Its address must be known before there is a secret, as for any integrator.
  const early = await PrintedReceiver.start('whsec_none');
  const webhook = await aWebhook({ url: early.url, events: ['query.succeeded', 'query.failed'] });
  const { port } = early;
  await early.stop();

  const printed = await PrintedReceiver.start(webhook.secret, port);
  try {
    const queryId = await client.submit('SELECT 1 AS n');
    expect(await printed.lineOf(queryId)).toMatch(/^async \S{36} \S{36}$/);
    await untilDelivery(webhook, 'query.succeeded', 'delivered');

    const rotated = await call<Webhook>('POST', `${ENDPOINTS}/${webhook.id}/secret`, {});
    expect(rotated.secret).not.toBe(webhook.secret);
    const failingId = await client.submit('SELECT * FROM dbo.ZzNoSuchTable');
    expect(await printed.lineOf(failingId)).toMatch(/^query\.failed \S{36} \S{36}$/);
  } finally {
    await printed.stop();
  }

  const renewed = await PrintedReceiver.start('whsec_wrong', port);
  try {
    const queryId = await client.submit('SELECT 2 AS n');
    const refused = await settle('the wrong secret refuses', WAIT_MS, async () => {
      const path = `${ENDPOINTS}/${webhook.id}/deliveries?state=failed`;
      const { deliveries } = await call<{ deliveries: Delivery[] }>('GET', path);
      return deliveries.find((delivery) => delivery.queryId === queryId);
    });
    expect(refused.attempts).toMatchObject([{ statusCode: 400, error: 'status-refused' }]);
  } finally {
    await renewed.stop();
  }
});

describe('receivers that misbehave', () => {
  const at = (path: string): string => `https://localhost:${receiver.port}/${path}`;
  const webhooks = new Map<string, Webhook>();

  beforeAll(async () => {
    receiver.answer = (response, { path }) => {
      if (path === '/never') return;
      if (path === '/large') return void response.writeHead(200).end(Buffer.alloc(5 * 1024 * 1024));
      if (path === '/moved') return void response.writeHead(302, { location: at('there') }).end();
      if (path === '/gone') return void response.writeHead(410).end();
      const isFirst = receiver.calls.filter((other) => other.path === path).length === 1;
      const isPoorly = path === '/poorly' && isFirst;
      return void response.writeHead(isPoorly ? 500 : 200).end();
    };
    const events = ['site.offline'];
    for (const path of ['well', 'never', 'large', 'moved', 'gone', 'poorly']) {
      webhooks.set(path, await aWebhook({ url: at(path), events, signature: 'standard' }));
    }
    webhooks.set('stranger', await aWebhook({ url: unknownAuthority.url, events }));
    await conduit.conduit.agent?.stop();
  }, 60_000);

  afterAll(async () => {
    await conduit.conduit.startAgent();
    await conduit.untilAvailability('online');
  }, 60_000);

  const outcome = (path: string, state: string) =>
    untilDelivery(webhooks.get(path) as Webhook, 'site.offline', state);

  test.each([
    ['well', 'delivered', { statusCode: 200 }],
    ['large', 'delivered', { statusCode: 200 }],
    ['gone', 'failed', { statusCode: 410, error: 'status-refused' }],
  ])('%s: %s', async (path, state, attempt) => {
    expect((await outcome(path, state)).attempts).toMatchObject([attempt]);
  });

  test.each([
    ['moved', { statusCode: 302, error: 'redirected' }],
    ['never', { error: 'timed-out' }],
    ['stranger', { error: 'tls-failed' }],
  ])('%s is tried again', async (path, attempt) => {
    const delivery = await settle(`${path} was tried`, WAIT_MS, async () => {
      const pending = await outcome(path, 'pending');
      return pending.attempts.length > 0 ? pending : undefined;
    });
    expect(delivery.attempts[0]).toMatchObject(attempt);
    expect(receiver.calls.map((one) => one.path)).not.toContain('/there');
    expect(unknownAuthority.calls).toEqual([]);
  });

  test('the one that answered 500 gets it again, though the broker was killed in between', async () => {
    await settle('it answered 500', WAIT_MS, async () =>
      receiver.calls.some(({ path }) => path === '/poorly') ? true : undefined,
    );
    await conduit.conduit.broker?.kill();
    await conduit.conduit.startBroker();
    const delivery = await outcome('poorly', 'delivered');
    expect(delivery.attempts.at(-1)).toMatchObject({ statusCode: 200 });
    const calls = receiver.calls.filter(({ path }) => path === '/poorly');
    expect(new Set(calls.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(new Set(calls.map(({ body }) => body.toString())).size).toBe(1);
  }, 60_000);

  test('a private address is refused before anything is called', async () => {
    const answer = await conduit.call('POST', ENDPOINTS, { body: { url: 'https://10.0.0.1/' } });
    expect(answer.status).toBe(400);
  });
});

test('a Redis that lost everything loses no delivery', async () => {
  receiver.answer = answerStatus(503);
  const webhook = await aWebhook({ url: receiver.url, events: ['query.succeeded'] });
  await client.untilEnded(await client.submit('SELECT 3 AS n'));
  await untilDelivery(webhook, 'query.succeeded', 'pending');
  await settle('it was tried', WAIT_MS, async () => {
    const { attempts } = await untilDelivery(webhook, 'query.succeeded', 'pending');
    return attempts.length > 0 ? true : undefined;
  });
  receiver.answer = answerStatus(200);
  const redis = new Redis(conduit.conduit.redis?.url ?? '');
  await redis.flushall();
  redis.disconnect();
  const delivery = await untilDelivery(webhook, 'query.succeeded', 'delivered');
  expect(delivery.attempts.length).toBeGreaterThan(1);
}, 60_000);

test('a site that comes and goes, and a permission that ends, are told once each', async () => {
  receiver.answer = answerStatus(200);
  receiver.calls.length = 0;
  const events = ['site.online', 'site.offline', 'grant.revoked'];
  await aWebhook({ url: `${receiver.url}/news`, events, signature: 'standard' });
  await conduit.conduit.agent?.stop();
  await conduit.untilAvailability('offline');
  await conduit.conduit.startAgent();
  await conduit.untilAvailability('online');
  await conduit.agent('revoke', conduit.grantId as string);
  const news = () =>
    receiver.calls
      .filter(({ path }) => path === '/hooks/news')
      .map(
        ({ body }) =>
          JSON.parse(body.toString()) as { type: string; siteId: string; grantId?: string },
      );
  await settle('all are told', WAIT_MS, async () => (news().length >= 3 ? true : undefined));
  expect(
    news()
      .map(({ type }) => type)
      .sort(),
  ).toEqual(['grant.revoked', 'site.offline', 'site.online']);
  expect(new Set(news().map(({ siteId }) => siteId))).toEqual(new Set([conduit.siteId]));
  expect(news().find(({ type }) => type === 'grant.revoked')?.grantId).toBe(conduit.grantId);
}, 60_000);
