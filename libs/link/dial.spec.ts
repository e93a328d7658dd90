import { once } from 'node:events';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { ErrorCode } from '#libs/errors/catalogue.js';
import { FixtureAuthority, type PemPair } from '#libs/link/certificates.fixture.js';
import { ConnectProxy } from '#libs/link/connect-proxy.fixture.js';
import { dial, type DialOptions } from '#libs/link/dial.js';
import type { Link } from '#libs/link/link.js';
import { type LinkListener, listenForLinks } from '#libs/link/listen.js';

const DAY_MS = 86_400_000;

describe('dialling a listener', () => {
  let authority: FixtureAuthority;
  let stranger: FixtureAuthority;
  let broker: PemPair;
  let agent: PemPair;
  let listener: LinkListener<string>;
  let verdict: { peer: string } | { refuse: ErrorCode };
  let target: DialOptions;
  const cleanups: (() => unknown)[] = [];

  beforeAll(async () => {
    authority = await FixtureAuthority.create();
    stranger = await FixtureAuthority.create('Inspection Appliance CA');
    [broker, agent] = await Promise.all([authority.server(), authority.agent()]);
    listener = await listenForLinks<string>({
      ...broker,
      ca: authority.ca,
      port: 0,
      host: '127.0.0.1',
      authorise: (certificate) => {
        expect(certificate.subjectAltName).toContain('agent-1');
        return Promise.resolve(verdict);
      },
    });
  });

  afterAll(() => listener.close(0));

  beforeAll(() => {
    verdict = { peer: 'agent-1' };
    target = { host: '127.0.0.1', port: listener.port, ca: authority.ca, ...agent };
  });

  afterEach(async () => {
    verdict = { peer: 'agent-1' };
    for (const cleanup of cleanups.splice(0)) await cleanup();
  });

  async function listening(server: Server): Promise<number> {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanups.push(() => server.close());
    return (server.address() as AddressInfo).port;
  }

  /** Dials and returns both ends of the link. */
  async function connected(options: DialOptions): Promise<[Link, Link]> {
    const accepted = once(listener, 'link') as Promise<[Link, string]>;
    const { link } = await dial(options);
    cleanups.push(() => link.terminate());
    return [link, (await accepted)[0]];
  }

  test('a link comes up and the listener knows its peer', async () => {
    const [near, far] = await connected(target);
    expect(near.state).toBe('open');
    expect(listener.links.get(far)).toBe('agent-1');
  });

  test('the dialler learns how far its clock is from the listener', async () => {
    const { link, skewMs } = await dial(target);
    link.terminate();
    expect(Math.abs(skewMs as number)).toBeLessThan(2_000);
  });

  test('a link comes up through an HTTP proxy with basic authentication', async () => {
    const proxy = new ConnectProxy('svc:pass');
    const url = await proxy.start();
    cleanups.push(() => proxy.stop());
    await connected({ ...target, proxy: url });
    expect(proxy.asked).toEqual([`127.0.0.1:${listener.port}`]);
  });

  test('destroy cuts the chosen links at once', async () => {
    const [near] = await connected(target);
    const closed = once(near, 'close');
    expect(listener.destroy((peer) => peer === 'somebody else')).toBe(0);
    expect(listener.destroy((peer) => peer === 'agent-1')).toBe(1);
    expect(await closed).toEqual([{ reason: 'lost' }]);
    expect(listener.links.size).toBe(0);
  });

  test('a proxy that wants other credentials is named', async () => {
    const proxy = new ConnectProxy('svc:right');
    const url = (await proxy.start()).replace('right', 'wrong');
    cleanups.push(() => proxy.stop());
    await expect(dial({ ...target, proxy: url })).rejects.toMatchObject({
      code: 'PROXY_REFUSED',
      facts: { host: '127.0.0.1', reason: 'authentication-required' },
    });
  });

  test('a proxy that cannot be reached is named', async () => {
    const server = createTcpServer();
    const port = await listening(server);
    server.close();
    await expect(dial({ ...target, proxy: `http://127.0.0.1:${port}` })).rejects.toMatchObject({
      code: 'PROXY_REFUSED',
      facts: { reason: 'unreachable' },
    });
  });

  test('an unknown host is named', async () => {
    await expect(dial({ ...target, host: 'broker.invalid' })).rejects.toMatchObject({
      code: 'HOST_UNKNOWN',
      facts: { host: 'broker.invalid' },
    });
  });

  test('a closed port is named', async () => {
    const server = createTcpServer();
    const port = await listening(server);
    server.close();
    await expect(dial({ ...target, port })).rejects.toMatchObject({ code: 'HOST_REFUSED' });
  });

  test('a host that accepts and says nothing is named after the handshake timeout', async () => {
    const port = await listening(
      createTcpServer((socket) => cleanups.push(() => socket.destroy())),
    );
    await expect(dial({ ...target, port, handshakeTimeoutMs: 50 })).rejects.toMatchObject({
      code: 'HOST_REFUSED',
      facts: { reason: 'timeout' },
    });
  });

  test('TLS interception is named with the interceptor that issued the certificate', async () => {
    const forged = await stranger.server();
    const port = await listening(createTlsServer(forged, (socket) => socket.destroy()));
    await expect(dial({ ...target, port })).rejects.toMatchObject({
      code: 'TLS_INTERCEPTED',
      facts: { reason: 'Inspection Appliance CA' },
    });
  });

  test('a host that speaks no TLS 1.3 is taken for an interceptor', async () => {
    const port = await listening(createTlsServer({ ...broker, maxVersion: 'TLSv1.2' }));
    await expect(dial({ ...target, port })).rejects.toMatchObject({ code: 'TLS_INTERCEPTED' });
  });

  test.each([
    ['is named as a wrong clock while the clock is known to be off', 60_000, 'CLOCK_SKEWED'],
    ['is named as the broker’s own while the clock is right', 0, 'BROKER_CERTIFICATE_INVALID'],
    ['is named as a wrong clock when nobody knows the time', undefined, 'CLOCK_SKEWED'],
  ])('a broker certificate from the future %s', async (_title, skewMs, code) => {
    const notBefore = new Date(Date.now() + DAY_MS);
    const early = await authority.server({ notBefore });
    const port = await listening(createTlsServer(early));
    const attempt = dial({ ...target, port, ...(skewMs !== undefined && { skewMs }) });
    await expect(attempt).rejects.toMatchObject({ code });
  });

  test('a broker certificate for another host is named', async () => {
    const other = await authority.server({ dnsNames: ['other.example'], ipAddresses: [] });
    const port = await listening(createTlsServer(other));
    await expect(dial({ ...target, port })).rejects.toMatchObject({
      code: 'BROKER_CERTIFICATE_INVALID',
      facts: { reason: 'wrong-host' },
    });
  });

  test.each(['AGENT_REVOKED', 'AGENT_QUARANTINED'] as const)(
    'a refusal by %s reaches the agent',
    async (refuse) => {
      verdict = { refuse };
      await expect(dial(target)).rejects.toMatchObject({ code: refuse });
      expect(listener.links.size).toBe(0);
    },
  );

  test('an expired certificate of the agent is named', async () => {
    const past = new Date(Date.now() - DAY_MS);
    const expired = await authority.agent({
      notBefore: new Date(past.getTime() - DAY_MS),
      notAfter: past,
    });
    await expect(dial({ ...target, ...expired })).rejects.toMatchObject({
      code: 'AGENT_IDENTITY_REFUSED',
      facts: { reason: 'certificate-expired' },
    });
  });

  test.each([
    ['of another authority', () => stranger.agent()],
    ['made by the agent itself for a server', () => authority.server()],
  ])('a client certificate %s gets no link', async (_title, make) => {
    await expect(dial({ ...target, ...(await make()) })).rejects.toMatchObject({
      code: 'LINK_CLOSED',
    });
    expect(listener.links.size).toBe(0);
  });
});
