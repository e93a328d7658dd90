/** Signing in with an account of another provider: a real one, in this process. */
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ConsoleOrigin } from '#apps/broker/src/access/console-origin.js';
import type { Session, SignInWays } from '#libs/console-api/session.js';
import { PretendApi } from '#test/contract/api.fixture.js';
import { aConsolePerson, ConsolePerson } from '#test/console/console-person.fixture.js';
import {
  pretendClient,
  PretendProvider,
  walkThrough,
} from '#test/console/pretend-provider.fixture.js';

const CALLBACK = '/console/api/oidc/callback';
let provider: PretendProvider;
let api: PretendApi;
let callback: string;

beforeAll(async () => {
  provider = await PretendProvider.start();
  api = await PretendApi.start({
    CONDUIT_STRANGER_RATE_BURST: '10000',
    CONDUIT_OIDC_ISSUER: provider.issuer,
    CONDUIT_OIDC_CLIENT_ID: pretendClient.id,
    CONDUIT_OIDC_CLIENT_SECRET: pretendClient.secret,
    CONDUIT_OIDC_LABEL: 'Zz Accounts',
  });
  callback = api.app.get(ConsoleOrigin).link(CALLBACK);
  provider.serve(callback);
});
beforeEach(() => void (provider.account = 'account-1'));
afterAll(async () => {
  await api.stop();
  await provider.stop();
});

interface Round {
  /** The query that the browser comes back with. */
  search: string;
  /** The cookie that it was given before it went. */
  browser: string;
}

const browserCookie = (response: Response): string =>
  response.headers
    .getSetCookie()
    .map((cookie) => /^(__Host-conduit-oidc=[\w-]+);.*SameSite=Lax/.exec(cookie)?.[1])
    .find((cookie) => cookie !== undefined) ?? '';

const get = (path: string, cookie = ''): Promise<Response> =>
  fetch(api.url + path, { redirect: 'manual', headers: { cookie } });

async function throughProvider(to: string, browser: string): Promise<Round> {
  return { search: (await walkThrough(to, callback)).search, browser };
}

async function going(): Promise<Round> {
  const response = await get('/console/api/oidc/start');
  return throughProvider(response.headers.get('location') ?? '', browserCookie(response));
}

/** @returns where the browser is sent, and the session it got */
async function back({ search, browser }: Round): Promise<{ to: string | null; token?: string }> {
  const response = await get(CALLBACK + search, browser);
  const to = response.headers.get('location');
  const cookies = response.headers.getSetCookie().join();
  const [, token] = /__Host-conduit=([\w-]{43});/.exec(cookies) ?? [];
  return { to, ...(token !== undefined && { token }) };
}

async function link(person: ConsolePerson): Promise<string | null> {
  const stepUp = await person.stepUp({ type: 'identity.link' });
  const response = await person.call('POST', '/oidc/link', { stepUp });
  const { url } = (await response.json()) as { url: string };
  return (await back(await throughProvider(url, browserCookie(response)))).to;
}

async function aLinkedPerson(account: string): Promise<ConsolePerson> {
  const person = await aConsolePerson(api, { role: 'operator-support' });
  provider.account = account;
  expect(await link(person)).toBe('/console/account');
  return person;
}

const refusal = (code: string) => ({ to: `/console/sign-in?problem=${code}` });

test('the sign-in page learns of the other way', async () => {
  const ways = await new ConsolePerson(api).json<SignInWays>('GET', '/sign-in/ways');
  expect(ways).toEqual({ passkey: true, oidc: { label: 'Zz Accounts' } });
});

test('a linked account signs its person in, and takes no name along', async () => {
  const person = await aLinkedPerson('account-linked');
  const { to, token } = await back(await going());
  expect(to).toBe('/console/');
  const again = new ConsolePerson(api);
  again.token = token;
  const session = await again.json<Session>('GET', '/session');
  expect(session.signedInWith).toBe('oidc');
  expect(session.person).toEqual((await person.json<Session>('GET', '/session')).person);
});

test('an unlinked account signs in no more', async () => {
  const person = await aLinkedPerson('account-unlinked');
  expect(await person.json('GET', '/oidc/link')).toEqual({ isLinked: true });
  const stepUp = await person.stepUp({ type: 'identity.unlink' });
  await person.json('DELETE', '/oidc/link', { stepUp });
  expect(await person.json('GET', '/oidc/link')).toEqual({ isLinked: false });
  expect(await back(await going())).toEqual(refusal('OIDC_IDENTITY_UNKNOWN'));
});

describe('nobody is signed in', () => {
  test('with an account that is linked to nobody', async () => {
    provider.account = 'account-of-nobody';
    expect(await back(await going())).toEqual(refusal('OIDC_IDENTITY_UNKNOWN'));
  });

  test('when the provider says no', async () => {
    provider.account = undefined;
    expect(await back(await going())).toEqual(refusal('OIDC_REFUSED'));
  });

  test('twice by one answer', async () => {
    await aLinkedPerson('account-twice');
    const round = await going();
    expect((await back(round)).to).toBe('/console/');
    expect(await back(round)).toEqual(refusal('CEREMONY_EXPIRED'));
  });

  test('in a browser that did not go: a link that somebody sent', async () => {
    await aLinkedPerson('account-sent');
    const { search } = await going();
    const other = await going();
    expect(await back({ search, browser: other.browser })).toEqual(refusal('OIDC_REFUSED'));
    expect(await back({ search: (await going()).search, browser: '' })).toEqual(
      refusal('OIDC_REFUSED'),
    );
  });

  test('with a code of another round', async () => {
    await aLinkedPerson('account-mixed');
    const [mine, other] = [await going(), await going()];
    const search = new URLSearchParams(mine.search);
    search.set('code', new URLSearchParams(other.search).get('code') ?? '');
    expect(await back({ ...mine, search: `?${search}` })).toEqual(refusal('OIDC_REFUSED'));
  });

  test('with a token made for another nonce', async () => {
    await aLinkedPerson('account-nonce');
    const round = await going();
    const state = new URLSearchParams(round.search).get('state') ?? '';
    await api.database.kysely
      .updateTable('ceremonies')
      .set({ challenge: 'another nonce' })
      .where('ceremony_id', '=', state)
      .execute();
    expect(await back(round)).toEqual(refusal('OIDC_REFUSED'));
  });

  test('by an address that was made up', async () => {
    for (const search of ['', '?', '?state=', '?state=x&code=y', `?state=${'x'.repeat(5_000)}`]) {
      expect(await back({ search, browser: '' })).toEqual(refusal('CEREMONY_EXPIRED'));
    }
  });
});

test('an account is linked to one person', async () => {
  await aLinkedPerson('account-taken');
  const other = await aConsolePerson(api, { role: 'operator-support' });
  expect(await link(other)).toBe('/console/sign-in?problem=OIDC_REFUSED');
});

test('an account is not linked without a passkey’s word', async () => {
  const person = await aConsolePerson(api, { role: 'operator-support' });
  const stepUp = await person.stepUp({ type: 'identity.unlink' });
  await expect(person.json('POST', '/oidc/link', { stepUp })).rejects.toMatchObject({
    code: 'STEP_UP_REFUSED',
  });
});

test('a provider that is away is said to be, and passkeys go on', async () => {
  const gone = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => gone.once('listening', resolve));
  const { port } = gone.address() as AddressInfo;
  await new Promise((resolve) => gone.close(resolve));
  const lonely = await PretendApi.start({
    CONDUIT_OIDC_ISSUER: `http://127.0.0.1:${port}`,
    CONDUIT_OIDC_CLIENT_ID: 'conduit',
  });
  try {
    const response = await fetch(`${lonely.url}/console/api/oidc/start`, { redirect: 'manual' });
    expect(response.headers.get('location')).toBe('/console/sign-in?problem=OIDC_UNAVAILABLE');
    const person = await aConsolePerson(lonely, { role: 'operator-support' });
    await expect(person.signIn()).resolves.toBeDefined();
  } finally {
    await lonely.stop();
  }
});
