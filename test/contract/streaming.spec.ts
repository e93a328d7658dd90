import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { StreamedReply } from '#libs/link/link-reply.js';
import type { LinkContext } from '#libs/link/link-context.js';
import { PretendApi, type Script } from '#test/contract/api.fixture.js';
import { aPairedSite, type PairedSite } from '#test/contract/paired-site.fixture.js';

let api: PretendApi;
let site: PairedSite;

beforeAll(async () => {
  api = await PretendApi.start();
  site = await aPairedSite(api);
});

afterAll(() => api.stop());

const END = { status: 'successful', rows: 2, size: 20, sqlExecutionMs: 1, waitedMs: 0 };
const LINES = '{"a":1}\n{"a":2}\n{"$end":{"rows":2,"sha256":"00"}}\n';

function streamed(
  body: () => AsyncIterable<Uint8Array>,
  encoding: 'identity' | 'br' = 'identity',
  end: object = END,
): Script {
  return () => new StreamedReply({ head: { encoding }, body: body(), end: () => end });
}

interface Answer {
  call: ClientRequest;
  response: IncomingMessage;
}

/** Node's own client: it neither decompresses nor reads ahead. */
async function ask(headers: Record<string, string> = {}, query = ''): Promise<Answer> {
  const call = send(headers, query);
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  return { call, response };
}

function send(headers: Record<string, string> = {}, query = ''): ClientRequest {
  const call = httpRequest(`${api.url}${site.path}/queries/immediate${query}`, {
    method: 'POST',
    agent: false,
    headers: {
      'Ocp-Apim-Subscription-Key': site.key,
      'content-type': 'application/json',
      accept: 'application/x-ndjson',
      ...headers,
    },
  });
  call.on('error', () => undefined);
  call.end(JSON.stringify({ command: { text: 'SELECT a FROM t' } }));
  return call;
}

async function bytesOf(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const audited = async () => {
  const rows = await api.database.kysely
    .selectFrom('audit_records')
    .select('record')
    .where('record', 'like', `%${site.siteId}%`)
    .orderBy('seq')
    .execute();
  return rows.map((row) => JSON.parse(row.record) as { outcome: string; queryId: string });
};

test('rows pass through byte for byte with the trailer of the agent', async () => {
  api.attach(
    site.siteId,
    streamed(async function* () {
      yield Buffer.from(LINES);
    }),
  );
  const { response } = await ask();
  expect(response.statusCode).toBe(200);
  expect(response.headers['content-type']).toBe('application/x-ndjson');
  expect((await bytesOf(response)).toString()).toBe(LINES);
});

test('the first row arrives before the last one exists', async () => {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  api.attach(
    site.siteId,
    streamed(async function* () {
      yield Buffer.from('{"a":1}\n');
      await released;
      yield Buffer.from('{"$end":{}}\n');
    }),
  );
  const { response } = await ask();
  const [first] = (await once(response, 'data')) as [Buffer];
  expect(first.toString()).toBe('{"a":1}\n');
  release();
  await once(response, 'end');
});

test('brotli passes untouched to a caller that takes it and is unpacked for one that does not', async () => {
  const packed = brotliCompressSync(Buffer.from(LINES));
  let accepted: unknown;
  api.attach(site.siteId, (request, context) => {
    accepted = request.meta.accept;
    return streamed(async function* () {
      yield packed;
    }, 'br')(request, context);
  });
  const able = await ask({ 'accept-encoding': 'gzip, br' });
  expect(accepted).toBe('br');
  expect(able.response.headers['content-encoding']).toBe('br');
  const bytes = await bytesOf(able.response);
  expect(bytes).toEqual(packed);
  expect(brotliDecompressSync(bytes).toString()).toBe(LINES);
  const unable = await ask({ 'accept-encoding': 'gzip, br;q=0' });
  expect(accepted).toBe('br');
  expect(unable.response.headers['content-encoding']).toBeUndefined();
  expect((await bytesOf(unable.response)).toString()).toBe(LINES);
});

test('brotli from the agent is unpacked for an answer in one piece', async () => {
  const text = Buffer.from(JSON.stringify(Array.from({ length: 10_000 }, (_, a) => ({ a }))));
  const packed = brotliCompressSync(text);
  let accepted: unknown;
  api.attach(site.siteId, (request, context) => {
    accepted = request.meta.accept;
    return streamed(async function* () {
      yield packed;
    }, 'br')(request, context);
  });
  const { response } = await ask({ accept: 'application/json' });
  expect(accepted).toBe('br');
  expect(response.headers['content-encoding']).toBeUndefined();
  const body = JSON.parse((await bytesOf(response)).toString()) as { result: { data: string } };
  expect(Buffer.from(body.result.data, 'base64').equals(text)).toBe(true);
});

test('packed bytes that make no sense are a true status, and never a row', async () => {
  api.attach(
    site.siteId,
    streamed(async function* () {
      yield Buffer.from(LINES);
    }, 'br'),
  );
  const { response } = await ask({ accept: 'application/json' });
  expect(response.statusCode).toBe(502);
  expect((await bytesOf(response)).toString()).toContain('LINK_PROTOCOL');
});

test('a row that was cut does not swallow the line that says why', async () => {
  api.attach(
    site.siteId,
    streamed(async function* () {
      yield Buffer.from('{"a":1}\n{"a":');
      await Promise.resolve();
      throw new ConduitError('DATABASE_CONNECTION_LOST');
    }),
  );
  const { response } = await ask();
  const lines = (await bytesOf(response)).toString().split('\n');
  expect(lines.slice(0, 2)).toEqual(['{"a":1}', '{"a":']);
  expect(JSON.parse(lines[2] as string)).toMatchObject({
    $error: { code: 'DATABASE_CONNECTION_LOST' },
  });
});

test('a slow reader holds the agent back', async () => {
  const chunk = Buffer.alloc(64 * 1024, 0x20);
  const chunks = 1_600;
  let produced = 0;
  api.attach(
    site.siteId,
    streamed(async function* () {
      for (produced = 0; produced < chunks; produced++) yield chunk;
    }),
  );
  const { response } = await ask();
  await once(response, 'readable');
  let before = -1;
  // Production settles once every window on the way is full; then it must stand still.
  while (before !== produced) {
    before = produced;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(produced).toBeLessThan(chunks / 4);
  expect((await bytesOf(response)).length).toBe(chunks * chunk.length);
});

test('a failure before the first row is a true status', async () => {
  api.attach(site.siteId, () => ({
    ...END,
    status: 'executionFailed',
    error: { code: 'STATEMENT_FAILED', errorType: 'mssql', errorCode: 102, errorMessage: 'x' },
  }));
  const { response } = await ask();
  expect(response.statusCode).toBe(400);
  expect(JSON.parse((await bytesOf(response)).toString())).toMatchObject({
    status: 'executionFailed',
    errorDetails: { errorCode: 102 },
  });
});

test('a write asked for as a stream answers one trailer line', async () => {
  api.attach(site.siteId, () => ({ ...END, rows: undefined, rowsAffected: 4 }));
  const { response } = await ask();
  expect((await bytesOf(response)).toString()).toBe('{"$end":{"rows":0,"rowsAffected":4}}\n');
});

function cutAfterFirst(encoding: 'identity' | 'br'): () => void {
  const script = streamed(async function* () {
    yield Buffer.from('{"a":1}\n');
    await new Promise(() => undefined);
  }, encoding);
  return api.attach(site.siteId, script);
}

test('a link cut on the way ends plain rows with an $error line', async () => {
  const cut = cutAfterFirst('identity');
  const { response } = await ask();
  await once(response, 'readable');
  cut();
  const lines = (await bytesOf(response)).toString().trim().split('\n');
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
    $error: { code: 'SITE_LOST', status: 503 },
  });
});

test('a link cut on the way breaks a compressed answer off', async () => {
  const cut = cutAfterFirst('br');
  const { response } = await ask({ 'accept-encoding': 'br' });
  await once(response, 'readable');
  cut();
  await expect(bytesOf(response)).rejects.toThrow('aborted');
});

/** Resolves when the agent learns that nobody waits any more. */
function cancellation(start: (context: LinkContext) => ReturnType<Script>) {
  let started: () => void = () => undefined;
  const running = new Promise<void>((resolve) => (started = resolve));
  const cancelled = new Promise<string>((resolve) => {
    api.attach(site.siteId, (_request, context) => {
      context.signal.addEventListener('abort', () =>
        resolve((context.signal.reason as { code: string }).code),
      );
      started();
      return start(context);
    });
  });
  return { running, cancelled };
}

const never = () => new Promise<object>(() => undefined);

test.each([
  ['a stream', 'application/x-ndjson'],
  ['a whole answer', 'application/json'],
])('a caller of %s that leaves while it waits cancels the statement', async (_title, accept) => {
  const { running, cancelled } = cancellation(never);
  const call = send({ accept });
  await running;
  call.destroy();
  expect(await cancelled).toBe('CLIENT_GONE');
});

test('a caller that leaves in the middle of the rows cancels the statement', async () => {
  const { cancelled } = cancellation(
    () =>
      new StreamedReply({
        head: { encoding: 'identity' },
        body: (async function* () {
          for (;;) yield Buffer.alloc(64 * 1024, 0x20);
        })(),
        end: () => END,
      }),
  );
  const { response } = await ask();
  await once(response, 'readable');
  response.destroy();
  expect(await cancelled).toBe('CLIENT_GONE');
});

test('a link cut before the answer begins answers 503 and says that the fate is unknown', async () => {
  let cut: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => {
    cut = api.attach(site.siteId, () => {
      resolve();
      return never();
    });
  });
  const call = send({ accept: 'application/problem+json' });
  const response = once(call, 'response') as Promise<[IncomingMessage]>;
  await begun;
  cut();
  const [answer] = await response;
  expect(answer.statusCode).toBe(503);
  expect(JSON.parse((await bytesOf(answer)).toString())).toMatchObject({
    code: 'SITE_LOST',
    retry: 'unknown',
  });
});

test('an agent that sends more than it may is stopped', async () => {
  api.attach(
    site.siteId,
    streamed(async function* () {
      for (;;) yield Buffer.alloc(64 * 1024, 0x20);
    }),
  );
  const { response } = await ask({ accept: 'application/json' });
  expect(response.statusCode).toBe(413);
  expect((await bytesOf(response)).toString()).toContain('RESULT_TOO_LARGE');
});

test('a whole answer of megabytes carries the very bytes', async () => {
  const text = Buffer.from(JSON.stringify(Array.from({ length: 100_000 }, (_, a) => ({ a }))));
  api.attach(
    site.siteId,
    streamed(
      async function* () {
        for (let at = 0; at < text.length; at += 50_000) yield text.subarray(at, at + 50_000);
      },
      'identity',
      { ...END, rows: 100_000, size: text.length },
    ),
  );
  const { response } = await ask({ accept: 'application/json' });
  const body = JSON.parse((await bytesOf(response)).toString()) as { result: { data: string } };
  expect(Buffer.from(body.result.data, 'base64').equals(text)).toBe(true);
});

test('columns come along when asked for', async () => {
  const columns = [{ name: 'a', type: 'int', nullable: true }];
  api.attach(site.siteId, (request) => {
    expect(request.meta).toMatchObject({ columns: true, resultSets: 'first', form: 'objects' });
    return new StreamedReply({
      head: { encoding: 'identity', columns },
      body: (async function* () {
        yield Buffer.from('[]');
      })(),
      end: () => END,
    });
  });
  const { response } = await ask({ accept: 'application/json' }, '?columns=true');
  expect(JSON.parse((await bytesOf(response)).toString())).toMatchObject({ result: { columns } });
});

test('every query is in the audit once, and none of its words', async () => {
  const { StoredAuditTrail } = await import('#apps/broker/src/audit/audit-trail.postgres.js');
  await api.app.get(StoredAuditTrail, { strict: false }).flush();
  const records = await audited();
  expect(new Set(records.map((record) => record.outcome))).toEqual(
    new Set(['successful', 'failed', 'lost', 'cancelled', 'refused']),
  );
  const ids = records.map((record) => record.queryId);
  expect(new Set(ids).size).toBe(ids.length);
});
