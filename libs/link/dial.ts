/**
 * The agent's side of the door: one attempt to reach the broker, over mutual TLS 1.3 with the
 * pinned CA, directly or through a proxy. Either a live link or a named reason comes back; keeping
 * a link up is `LinkDialler`'s part.
 */
import { X509Certificate } from 'node:crypto';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { isIP, type Socket } from 'node:net';
import { connect as connectTls, type PeerCertificate, type TLSSocket } from 'node:tls';
import { WebSocket } from 'ws';
import { connectDirectly, connectThroughProxy, type Hold } from '#libs/link/connect-proxy.js';
import { diagnose, type DialTrace, DialTimeout, UpgradeRefusal } from '#libs/link/diagnose.js';
import { LINK_SUBPROTOCOL, MAX_MESSAGE_BYTES } from '#libs/link/frame.js';
import { Link, type LinkOptions } from '#libs/link/link.js';
import { LINK_PATH } from '#libs/link/listen.js';
import { SOCKET_OPTIONS } from '#libs/link/web-socket-options.js';

export interface DialOptions {
  host: string;
  port: number;
  /** Name the broker's certificate must carry; the host unless said otherwise. */
  servername?: string;
  /** The pinned private CA, PEM; no other authority counts. */
  ca: string | string[];
  /** The agent's own certificate and key, PEM. */
  cert: string;
  key: string;
  /** `http://[user:password@]host:port`; the connection goes through CONNECT. */
  proxy?: string;
  /** Sent with the upgrade request, for `authorise` to read. */
  headers?: Record<string, string>;
  /** Milliseconds for everything up to the live link; default 10,000. */
  handshakeTimeoutMs?: number;
  /** This machine's clock minus a trusted one, milliseconds, if known; helps the diagnosis. */
  skewMs?: number;
  link?: Omit<Partial<LinkOptions>, 'side'>;
}

/** A live link and what was learnt on the way. */
export interface Dialled {
  link: Link;
  /** This machine's clock minus the broker's, milliseconds; known to about a second. */
  skewMs: number | undefined;
}

/**
 * Dials once.
 *
 * @throws ConduitError, as `diagnose` names it
 */
export async function dial(options: DialOptions): Promise<Dialled> {
  const held: { destroy(): unknown }[] = [];
  const trace: DialTrace = {
    host: options.host,
    stage: 'connect',
    ownCertificate: ownCertificateState(options.cert),
    ...(options.proxy !== undefined && { proxyHost: new URL(options.proxy).hostname }),
    ...(options.skewMs !== undefined && { skewMs: options.skewMs }),
  };
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new DialTimeout()), options.handshakeTimeoutMs ?? 10_000);
  });
  try {
    const attempted = attempt(options, trace, (resource) => held.push(resource));
    return await Promise.race([attempted, timeout]);
  } catch (error) {
    for (const resource of held) resource.destroy();
    throw diagnose(error, trace);
  } finally {
    clearTimeout(timer);
  }
}

async function attempt(options: DialOptions, trace: DialTrace, hold: Hold): Promise<Dialled> {
  const { host, port, proxy } = options;
  const raw =
    proxy === undefined
      ? await connectDirectly(host, port, hold)
      : await connectThroughProxy(proxy, host, port, hold);
  trace.stage = 'tls';
  const secure = await secureSocket(raw, options, trace);
  hold(secure);
  trace.stage = 'upgrade';
  const { webSocket, date } = await upgrade(secure, options, trace);
  const link = new Link(webSocket, { ...options.link, side: 'dialler' });
  return { link, skewMs: date === undefined ? undefined : Date.now() - date };
}

function secureSocket(raw: Socket, options: DialOptions, trace: DialTrace): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const name = options.servername ?? options.host;
    const socket = connectTls({
      socket: raw,
      // An IP address is no server name (RFC 6066), yet the certificate is checked against it.
      host: name,
      servername: isIP(name) === 0 ? name : '',
      ca: options.ca,
      cert: options.cert,
      key: options.key,
      minVersion: 'TLSv1.3',
      rejectUnauthorized: true,
    });
    // Runs before Node rejects the certificate, while it can still be looked at.
    socket.prependOnceListener('secure', () => noteIssuer(socket, trace));
    socket.once('error', reject);
    socket.once('close', () => reject(cutOff()));
    socket.once('secureConnect', () => resolve(socket));
  });
}

function noteIssuer(socket: TLSSocket, trace: DialTrace): void {
  // getPeerX509Certificate takes the certificate out of a client's chain in Node 20, after which
  // Node's own check of the host name sees none.
  const { issuer } = socket.getPeerCertificate(false) as Partial<PeerCertificate>;
  const commonName: unknown = issuer?.CN;
  // The words are a stranger's: printable and short, or nothing.
  if (typeof commonName === 'string') {
    trace.issuer = commonName.replace(/[^\x20-\x7e]/g, '?').slice(0, 64);
  }
}

function upgrade(
  socket: TLSSocket,
  options: DialOptions,
  trace: DialTrace,
): Promise<{ webSocket: WebSocket; date: number | undefined }> {
  return new Promise((resolve, reject) => {
    let date: number | undefined;
    const webSocket = new WebSocket(
      `wss://${bracketed(options.host)}:${options.port}${LINK_PATH}`,
      LINK_SUBPROTOCOL,
      {
        ...SOCKET_OPTIONS,
        ...(options.headers !== undefined && { headers: options.headers }),
        maxPayload: MAX_MESSAGE_BYTES,
        createConnection: () => socket,
        // Masking guards plain-text caches against scripts in browsers (RFC 6455, 10.3). Inside
        // TLS between our own two ends it only costs a copy; the zero mask is skipped by ws.
        generateMask: (mask: Buffer) => mask.fill(0),
      },
    );
    const note = (response: IncomingMessage): void => {
      date = dateOf(response);
      if (date !== undefined) trace.skewMs = Date.now() - date;
    };
    webSocket.once('upgrade', note);
    webSocket.once('unexpected-response', (_request: ClientRequest, response: IncomingMessage) => {
      note(response);
      const code = response.headers['x-conduit-code'];
      reject(
        new UpgradeRefusal(response.statusCode ?? 0, typeof code === 'string' ? code : undefined),
      );
      socket.destroy();
    });
    webSocket.on('error', (error) =>
      reject('code' in error ? error : new UpgradeRefusal(0, undefined)),
    );
    webSocket.once('open', () => resolve({ webSocket, date }));
  });
}

function dateOf(response: IncomingMessage): number | undefined {
  const ms = Date.parse(response.headers.date ?? '');
  return Number.isNaN(ms) ? undefined : ms;
}

function ownCertificateState(pem: string): 'valid' | 'not-yet-valid' | 'expired' {
  const certificate = new X509Certificate(pem);
  if (Date.parse(certificate.validFrom) > Date.now()) return 'not-yet-valid';
  return Date.parse(certificate.validTo) < Date.now() ? 'expired' : 'valid';
}

function bracketed(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}

function cutOff(): Error {
  return Object.assign(new Error('the connection was cut'), { code: 'ECONNRESET' });
}
