/** What somebody without a credential can make this node do. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PROOFS } from '#apps/broker/src/enrolment/challenges.js';
import { PretendApi } from '#test/contract/api.fixture.js';

let api: PretendApi;

beforeAll(async () => {
  api = await PretendApi.start({
    CONDUIT_TRUST_PROXY: '127.0.0.1',
    CONDUIT_STRANGER_RATE_PER_SECOND: '1',
    CONDUIT_STRANGER_RATE_BURST: '20',
  });
});

afterAll(() => api.stop());

const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });

const routes = [
  ['POST', '/agent/enrolment/challenge'],
  ['POST', '/agent/enrolment'],
  ['POST', '/agent/recovery/challenge'],
  ['POST', '/agent/recovery'],
  ['POST', '/audit/cosignatures'],
  ['GET', '/agent/time?nonce=aaaaaaaaaaaaaaaaaaaaaaaa'],
] as const;

test.each(routes)('%s %s answers one address so often and no more', async (method, path) => {
  const address = `192.0.2.${routes.findIndex((route) => route[1] === path)}`;
  const ask = (who: string) =>
    api.call(method, path, { ...from(who), ...(method === 'POST' && { body: {} }) });
  const answers = await Promise.all(Array.from({ length: 25 }, () => ask(address)));
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused.length).toBeGreaterThanOrEqual(4);
  expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await ask('198.51.100.1')).status).not.toBe(429);
});

test('all addresses of one IPv6 network count as one', async () => {
  const ask = (host: number) =>
    api.call('POST', '/agent/recovery/challenge', from(`2001:db8::${host.toString(16)}`));
  const answers = await Promise.all(Array.from({ length: 25 }, (_, host) => ask(host + 1)));
  expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(4);
});

test('proofs from ever new addresses are checked so often and no more', async () => {
  const address = (n: number) => from(`10.1.${n >> 8}.${n & 255}`);
  const given = await api.call('POST', '/agent/recovery/challenge', from('10.0.0.1'));
  const { challenge } = (await given.json()) as { challenge: string };
  const body = {
    challenge,
    identityPublicKey: Buffer.alloc(32, 1).toString('base64url'),
    certificateRequest: Buffer.alloc(600, 1).toString('base64url'),
    identitySignature: Buffer.alloc(64, 1).toString('base64url'),
  };
  const statuses: number[] = [];
  for (let round = 0; round < 20 && !statuses.includes(429); round += 1) {
    const burst = Array.from({ length: PROOFS.atOnce / 4 }, (_, n) =>
      api.call('POST', '/agent/recovery', { ...address(round * 256 + n), body }),
    );
    statuses.push(...(await Promise.all(burst)).map(({ status }) => status));
  }
  expect(statuses[0]).toBe(403);
  expect(statuses).toContain(429);
  expect(statuses.filter((status) => status === 403).length).toBeGreaterThanOrEqual(PROOFS.atOnce);
});
