/** A certificate that has expired must not come back by way of a resumed TLS session. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { FixtureAuthority, type PemPair } from '#libs/link/certificates.fixture.js';
import { type LinkListener, listenForLinks } from '#libs/link/listen.js';

describe('session resumption', () => {
  let authority: FixtureAuthority;
  let broker: PemPair;
  let listener: LinkListener<string>;
  let withTickets: Server;
  let ticketsPort: number;

  beforeAll(async () => {
    authority = await FixtureAuthority.create();
    broker = await authority.server();
    const authorise = (): Promise<{ peer: string }> => Promise.resolve({ peer: 'agent-1' });
    listener = await listenForLinks({
      ...broker,
      ca: authority.ca,
      port: 0,
      host: '127.0.0.1',
      authorise,
    });
    // The same server as Node makes it when nobody turns tickets off.
    withTickets = createServer({
      ...broker,
      ca: authority.ca,
      minVersion: 'TLSv1.3',
      requestCert: true,
      rejectUnauthorized: true,
    });
    withTickets.on('request', (_request, response) => response.writeHead(426).end());
    withTickets.listen(0, '127.0.0.1');
    await once(withTickets, 'listening');
    ticketsPort = (withTickets.address() as AddressInfo).port;
  });

  afterAll(async () => {
    withTickets.close();
    withTickets.closeAllConnections();
    await listener.close(0);
  });

  /** The status line that a plain request gets, or undefined when the connection is cut instead. */
  async function visit(
    port: number,
    agent: PemPair,
    session?: Buffer,
  ): Promise<{ status: string | undefined; session: Buffer | undefined; isReused: boolean }> {
    const socket: TLSSocket = connect({
      host: '127.0.0.1',
      port,
      ca: authority.ca,
      ...agent,
      session,
    });
    let got: Buffer | undefined;
    let answer = '';
    socket.on('session', (ticket) => (got = ticket));
    socket.on('data', (bytes) => (answer += bytes.toString('latin1')));
    socket.on('error', () => undefined);
    socket.once('secureConnect', () => {
      socket.write('GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n');
    });
    const isReused = once(socket, 'secureConnect').then(() => socket.isSessionReused());
    await once(socket, 'close');
    const status = answer === '' ? undefined : answer.slice(9, 12);
    return { status, session: got, isReused: await isReused };
  }

  test('an expired client certificate is not admitted by resuming its session', async () => {
    const notAfter = new Date(Math.ceil(Date.now() / 1000) * 1000 + 2_000);
    const agent = await authority.agent({ notAfter });
    const first = await visit(listener.port, agent);
    const planted = await visit(ticketsPort, agent);
    expect([first.status, planted.status]).toEqual(['426', '426']);
    // Time has to pass here; certificates count in whole seconds.
    await new Promise((resolve) => setTimeout(resolve, notAfter.getTime() + 1_100 - Date.now()));
    expect(await visit(listener.port, agent, first.session)).toMatchObject({
      status: undefined,
      isReused: false,
    });
    // The planted fault: with tickets the expired certificate does come back.
    expect(await visit(ticketsPort, agent, planted.session)).toMatchObject({
      status: '426',
      isReused: true,
    });
  });
});
