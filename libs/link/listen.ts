/**
 * The broker's door for agents and for other nodes: TLS 1.3 only, a client certificate of the
 * pinned CA or nothing, no session tickets (Node would resume a session whose certificate has
 * expired as authorised), then `authorise` decides who may come in before the WebSocket exists.
 */
import { constants, type X509Certificate } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { SecureContextOptions, TLSSocket } from 'node:tls';
import { WebSocketServer } from 'ws';
import { catalogue, type ErrorCode } from '#libs/errors/catalogue.js';
import { LINK_SUBPROTOCOL, MAX_MESSAGE_BYTES } from '#libs/link/frame.js';
import { Link, type LinkOptions } from '#libs/link/link.js';
import { SOCKET_OPTIONS } from '#libs/link/web-socket-options.js';

export const LINK_PATH = '/link';

/** The listener's own certificate and the CA that client certificates must come from, PEM. */
export interface ListenerCredentials {
  cert: string;
  key: string;
  ca: string | string[];
}

export interface ListenOptions<Peer> extends ListenerCredentials {
  /** 0 takes a free port. */
  port: number;
  host?: string;
  /**
   * Decides about a client whose certificate is valid. The peer comes back in `link` events and
   * is what `destroy` and LinkServer see; a refusal is answered 403 with `x-conduit-code`.
   */
  authorise: (
    certificate: X509Certificate,
    request: IncomingMessage,
  ) => Promise<{ peer: Peer } | { refuse: ErrorCode }>;
  /** Live links and handshakes together; more connections are dropped at once. */
  maxConnections?: number;
  /** Milliseconds for TLS, HTTP upgrade and `authorise`, each. */
  handshakeTimeoutMs?: number;
  link?: Omit<Partial<LinkOptions>, 'side'>;
}

export interface LinkListenerEvents<Peer> {
  link: [Link, Peer];
}

/**
 * Starts listening.
 *
 * @throws the system's error when the address can't be bound
 */
export async function listenForLinks<Peer>(
  options: ListenOptions<Peer>,
): Promise<LinkListener<Peer>> {
  const listener = new LinkListener(options);
  await listener.start();
  return listener;
}

export class LinkListener<Peer> extends EventEmitter<LinkListenerEvents<Peer>> {
  private readonly server: Server;
  private readonly sockets: WebSocketServer;
  private readonly live = new Map<Link, Peer>();
  private readonly handshakeTimeoutMs: number;
  private isClosing = false;

  constructor(private readonly options: ListenOptions<Peer>) {
    super();
    this.handshakeTimeoutMs = options.handshakeTimeoutMs ?? 10_000;
    this.server = createServer({
      ...secureContext(options),
      requestCert: true,
      rejectUnauthorized: true,
      handshakeTimeout: this.handshakeTimeoutMs,
      headersTimeout: this.handshakeTimeoutMs,
      requestTimeout: this.handshakeTimeoutMs,
      connectionsCheckingInterval: this.handshakeTimeoutMs / 2,
      maxHeaderSize: 8 * 1024,
    });
    this.server.maxConnections = options.maxConnections ?? 20_000;
    this.sockets = new WebSocketServer({
      ...SOCKET_OPTIONS,
      noServer: true,
      clientTracking: false,
      maxPayload: MAX_MESSAGE_BYTES,
      handleProtocols: () => LINK_SUBPROTOCOL,
    });
    // Diallers compare their clock with this one.
    this.sockets.on('headers', (headers) => headers.push(`Date: ${new Date().toUTCString()}`));
    this.server.on('request', (_request, response) => {
      response.writeHead(426, { connection: 'close', upgrade: 'websocket' }).end();
    });
    this.server.on('tlsClientError', (_error, socket) => socket.destroy());
    this.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      void this.upgrade(request, socket as TLSSocket, head);
    });
  }

  /** The port listened on. */
  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Every live link with its peer. */
  get links(): ReadonlyMap<Link, Peer> {
    return this.live;
  }

  async start(): Promise<void> {
    this.server.listen(this.options.port, this.options.host);
    await once(this.server, 'listening');
  }

  /** New handshakes use these; live links keep theirs. */
  renew(credentials: ListenerCredentials): void {
    this.server.setSecureContext(secureContext(credentials));
  }

  /** Cuts the live links of the peers chosen, at once. @returns how many */
  destroy(predicate: (peer: Peer, link: Link) => boolean): number {
    const chosen = [...this.live].filter(([link, peer]) => predicate(peer, link));
    for (const [link] of chosen) link.terminate();
    return chosen.length;
  }

  /**
   * Accepts nobody new and closes; running streams get time to finish.
   *
   * @param drainMs milliseconds after which links are cut; 0 cuts them at once
   */
  async close(drainMs: number): Promise<void> {
    this.isClosing = true;
    const closed = once(this.server, 'close');
    this.server.close();
    if (drainMs === 0) this.destroy(() => true);
    else await Promise.all([...this.live.keys()].map((link) => link.drain(drainMs)));
    this.server.closeAllConnections();
    await closed;
  }

  private async upgrade(request: IncomingMessage, socket: TLSSocket, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy());
    const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined;
    if (certificate === undefined) return void socket.destroy();
    if (!isLinkRequest(request)) return refuse(socket, 404, 'ROUTE_NOT_FOUND');
    if (this.isClosing) return refuse(socket, 503, 'BROKER_DRAINING');
    const timer = setTimeout(() => socket.destroy(), this.handshakeTimeoutMs);
    try {
      const verdict = await this.options.authorise(certificate, request);
      if (socket.destroyed) return;
      if ('refuse' in verdict) return refuse(socket, 403, verdict.refuse);
      if (this.isClosing) return refuse(socket, 503, 'BROKER_DRAINING');
      this.complete(request, socket, head, verdict.peer);
    } catch {
      refuse(socket, 500, 'INTERNAL');
    } finally {
      clearTimeout(timer);
    }
  }

  private complete(request: IncomingMessage, socket: TLSSocket, head: Buffer, peer: Peer): void {
    this.sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const link = new Link(webSocket, { ...this.options.link, side: 'listener' });
      this.live.set(link, peer);
      link.once('close', () => this.live.delete(link));
      this.emit('link', link, peer);
    });
  }
}

function secureContext({ cert, key, ca }: ListenerCredentials): SecureContextOptions {
  return { cert, key, ca, minVersion: 'TLSv1.3', secureOptions: constants.SSL_OP_NO_TICKET };
}

function isLinkRequest(request: IncomingMessage): boolean {
  const offered = request.headers['sec-websocket-protocol']?.split(',') ?? [];
  return request.url === LINK_PATH && offered.some((name) => name.trim() === LINK_SUBPROTOCOL);
}

function refuse(socket: Duplex, status: number, code: ErrorCode): void {
  const body = JSON.stringify({ code, title: catalogue[code].title });
  socket.end(
    `HTTP/1.1 ${status} Refused\r\nConnection: close\r\nDate: ${new Date().toUTCString()}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `x-conduit-code: ${code}\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}
