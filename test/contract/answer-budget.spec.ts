import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { AnswerBudget } from '#apps/broker/src/queries/answer-budget.js';
import { StreamedReply } from '#libs/link/link-reply.js';
import { PretendApi } from '#test/contract/api.fixture.js';
import { aPairedSite, type PairedSite } from '#test/contract/paired-site.fixture.js';

const MB = 1024 * 1024;

let api: PretendApi;
let site: PairedSite;
let begun = 0;
let letGo: () => void;
const held = new Promise<void>((resolve) => (letGo = resolve));

beforeAll(async () => {
  api = await PretendApi.start({
    CONDUIT_MAX_WHOLE_ANSWER_BYTES: String(8 * MB),
    CONDUIT_TAKE_ANSWER_SECONDS: '1',
  });
  site = await aPairedSite(api);
  api.attach(site.siteId, ({ meta }) => {
    begun += 1;
    const size = meta.form === 'ndjson' ? 10 : 6 * MB;
    return new StreamedReply({
      head: { encoding: 'identity' },
      body: (async function* () {
        for (let sent = 0; sent < size; sent += MB) yield Buffer.alloc(Math.min(MB, size), 0x20);
        if (meta.form !== 'ndjson') await held;
      })(),
      end: () => ({ status: 'successful', rows: 1, size, sqlExecutionMs: 1, waitedMs: 0 }),
    });
  });
});

afterAll(() => api.stop());

const ask = (accept = 'application/json') =>
  api.call('POST', `${site.path}/queries/immediate`, {
    key: site.key,
    headers: { accept },
    body: { command: { text: 'SELECT 1' } },
  });

test('a whole answer is refused before it is begun while others fill the memory for them', async () => {
  const read = async (answer: Response) => (await answer.arrayBuffer()).byteLength;
  const under = [ask().then(read), ask().then(read)];
  const budget = api.app.get(AnswerBudget, { strict: false });
  while (budget.heldBytes < 8 * MB) await new Promise((resolve) => setTimeout(resolve, 5));
  let refused = await ask('application/problem+json');
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(await refused.json()).toMatchObject({ code: 'BROKER_BUSY', retry: 'safe' });
  const before = begun;
  refused = await ask();
  expect([refused.status, begun]).toEqual([503, before]);
  expect(await ask('application/x-ndjson').then(read)).toBeGreaterThan(0);
  letGo();
  for (const bytes of await Promise.all(under)) expect(bytes).toBeGreaterThan(8 * MB);
  expect(await ask().then(read)).toBeGreaterThan(8 * MB);
});

test('a caller that does not take its answer is cut, and what it held is free again', async () => {
  const budget = api.app.get(AnswerBudget, { strict: false });
  const call = request(`${api.url}${site.path}/queries/immediate`, {
    method: 'POST',
    agent: false,
    headers: { 'Ocp-Apim-Subscription-Key': site.key, 'content-type': 'application/json' },
  });
  call.end(JSON.stringify({ command: { text: 'SELECT 1' } }));
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  // Nothing is read: what the kernel takes is less than the answer.
  expect(response.statusCode).toBe(200);
  expect(budget.heldBytes).toBe(6 * MB);
  const asked = performance.now();
  while (budget.heldBytes > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(performance.now() - asked).toBeGreaterThan(500);
  await expect(
    (async () => {
      for await (const chunk of response) expect(chunk).toBeDefined();
    })(),
  ).rejects.toThrow('aborted');
  expect((await ask()).status).toBe(200);
});
