/**
 * The sandbox clinic's front door: a TDS 7.4 server on TCP that speaks to SQL Server clients and
 * asks a SqlEngine for everything behind the protocol.
 *
 * It promises: true back-pressure (a 1 GB result needs a few hundred kilobytes), an attention is
 * seen at any moment, and no client can hold more than its limits or harm another's connection.
 */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createSecureContext } from 'node:tls';

import type { SqlEngine } from '../engine/sql-engine.port.js';
import { TdsConnection, type ConnectionSettings } from './tds-connection.js';
import { SOCKET_BUFFER_BYTES } from './transport.js';

export interface TdsServerOptions {
  /** PEM. Self-made is fine: clients of a sandbox trust it or do not look. */
  key: string;
  cert: string;
  host?: string;
  /** 0, the default, takes a free one. */
  port?: number;
  /** Shown to clients in error messages. */
  serverName?: string;
  maxConnections?: number;
  /** From connect to the end of the login. */
  loginTimeoutMs?: number;
  /** The largest request, and the largest row of a bulk load, that is held in memory. */
  maxMessageBytes?: number;
  log?: (event: string, reason: string) => void;
}

export class TdsServer {
  readonly #server: Server;
  readonly #connections = new Set<TdsConnection>();
  readonly #settings: ConnectionSettings;

  constructor(
    private readonly engine: SqlEngine,
    private readonly options: TdsServerOptions,
  ) {
    this.#settings = {
      // TDS 7 puts the handshake into its own packets, which TLS 1.3's late tickets would break.
      secureContext: createSecureContext({
        key: options.key,
        cert: options.cert,
        minVersion: 'TLSv1.2',
        maxVersion: 'TLSv1.2',
      }),
      serverName: options.serverName ?? 'SANDBOX',
      loginTimeoutMs: options.loginTimeoutMs ?? 15_000,
      maxMessageBytes: options.maxMessageBytes ?? 256 * 1024 * 1024,
      log: options.log ?? (() => undefined),
    };
    this.#server = createServer({ highWaterMark: SOCKET_BUFFER_BYTES, noDelay: true }, (socket) =>
      this.#accept(socket),
    );
    engine.onSessionKilled((spid) => this.#drop(spid));
  }

  get connections(): number {
    return this.#connections.size;
  }

  async listen(): Promise<{ port: number }> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.options.port ?? 0, this.options.host ?? '127.0.0.1', resolve);
    });
    return { port: (this.#server.address() as AddressInfo).port };
  }

  /** Takes no more connections, closes the open ones and waits until their sessions are gone. The engine stays open. */
  async close(): Promise<void> {
    const stopped = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const connections = [...this.#connections];
    for (const connection of connections) connection.destroy();
    await Promise.all([stopped, ...connections.map(({ closed }) => closed)]);
  }

  /** Cuts every socket at once without a word, as a crashed database does. The server goes on listening. */
  dropConnections(): void {
    for (const connection of this.#connections) connection.reset();
  }

  #accept(socket: Socket): void {
    if (this.#connections.size >= (this.options.maxConnections ?? 256)) {
      this.#settings.log('connection.refused', 'too many connections');
      socket.destroy();
      return;
    }
    const connection = new TdsConnection(socket, this.engine, this.#settings);
    this.#connections.add(connection);
    void connection.closed.then(() => this.#connections.delete(connection));
  }

  #drop(spid: number): void {
    for (const connection of this.#connections) {
      if (connection.spid === spid) connection.destroy();
    }
  }
}
