/**
 * One client's connection: PRELOGIN, TLS, LOGIN7, then requests until the socket closes. It owns
 * the order of things; what a message means is left to the rooms beside it.
 *
 * A client that breaks the framing, sends too much or dawdles over its login is cut off. Nothing a
 * client sends can reach another connection or make this one hold more than its limits.
 */
import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';

import { CancelledError, type SqlEngine, type SqlSession } from '../engine/sql-engine.port.js';
import { BulkLoadStream } from './bulk-load-stream.js';
import {
  OLDEST_TDS_VERSION,
  writeIntegratedRefused,
  writeLoginAccepted,
  writeLoginRefused,
} from './login-response.js';
import { readLogin7 } from './login7.js';
import { MessageAssembler, type Message } from './message-assembler.js';
import { PacketReader, type Packet } from './packet-reader.js';
import {
  agreeOnEncryption,
  preloginAnswer,
  readPrelogin,
  type EncryptionMode,
} from './prelogin.js';
import { DEFAULT_PACKET_BYTES, PacketStatus, PacketType, TdsFramingError } from './protocol.js';
import { ResponseChannel } from './response-channel.js';
import { RequestQueue } from './request-queue.js';
import { SessionRequests, type Request, type Reset } from './session-requests.js';
import { Transport } from './transport.js';

const MAX_PRELOGIN_BYTES = 4096;
const MAX_LOGIN_BYTES = 128 * 1024;

export interface ConnectionSettings {
  secureContext: SecureContext;
  serverName: string;
  loginTimeoutMs: number;
  maxMessageBytes: number;
  /** Codes and error names only; never a user's or a patient's words. */
  log: (event: string, reason: string) => void;
}

type Phase = 'prelogin' | 'login' | 'loggingIn' | 'ready' | 'closed';

export class TdsConnection {
  #phase: Phase = 'prelogin';
  #encryption: EncryptionMode = 'none';
  #session: SqlSession | undefined;
  #queue: RequestQueue | undefined;
  #bulk: BulkLoadStream | undefined;
  #isBulkFull = false;
  readonly #assembler = new MessageAssembler();
  readonly #reader: PacketReader;
  readonly #transport: Transport;
  readonly #channel: ResponseChannel;
  readonly #loginTimer: NodeJS.Timeout;

  /** Resolves when the socket is closed and the session has let go of everything. */
  readonly closed: Promise<void>;

  constructor(
    private readonly socket: Socket,
    private readonly engine: SqlEngine,
    private readonly settings: ConnectionSettings,
  ) {
    this.#reader = new PacketReader(
      (packet) => this.#onPacket(packet),
      () => this.#isPaused,
    );
    this.#transport = new Transport(
      socket,
      (chunk) => this.#guard(() => this.#reader.push(chunk)),
      (error) => this.#fail(error),
    );
    this.#channel = new ResponseChannel(this.#transport, settings.serverName, DEFAULT_PACKET_BYTES);
    this.#loginTimer = setTimeout(
      () => this.#fail(new TdsFramingError('login took too long')),
      settings.loginTimeoutMs,
    );
    this.closed = new Promise((resolve) =>
      socket.once('close', () => void this.#onClosed().then(resolve)),
    );
    socket.on('error', (error) => this.#fail(error));
  }

  get spid(): number | undefined {
    return this.#session?.spid;
  }

  destroy(): void {
    this.#transport.destroy();
  }

  /** As a crashed server does: no goodbye, a reset on the wire. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  get #isPaused(): boolean {
    return (
      this.#phase === 'loggingIn' ||
      this.#phase === 'closed' ||
      this.#queue?.isFull === true ||
      this.#isBulkFull
    );
  }

  #onPacket(packet: Packet): void {
    switch (this.#phase) {
      case 'prelogin':
        return this.#onPreloginPacket(packet);
      case 'login':
        return this.#onLoginPacket(packet);
      case 'ready':
        return this.#onRequestPacket(packet);
      default:
        throw new TdsFramingError('nothing is expected now');
    }
  }

  #onPreloginPacket(packet: Packet): void {
    if (packet.type !== PacketType.prelogin) throw new TdsFramingError('PRELOGIN comes first');
    const message = this.#assembler.add(packet, MAX_PRELOGIN_BYTES);
    if (message === undefined) return;
    const { mode, answer } = agreeOnEncryption(readPrelogin(message.payload).encryption);
    this.#channel.writer.raw(preloginAnswer(answer));
    this.#channel.writer.endMessage();
    this.#encryption = mode;
    this.#phase = 'login';
    if (mode !== 'none') this.#transport.startTls(this.settings.secureContext);
  }

  #onLoginPacket(packet: Packet): void {
    if (packet.type !== PacketType.login7) throw new TdsFramingError('LOGIN7 is expected now');
    const message = this.#assembler.add(packet, MAX_LOGIN_BYTES);
    if (message === undefined) return;
    this.#phase = 'loggingIn';
    if (this.#encryption === 'login-only') this.#transport.dropTls();
    this.#login(message.payload).catch((error: unknown) => this.#fail(error));
  }

  async #login(payload: Buffer): Promise<void> {
    const login = readLogin7(payload);
    if (login.tdsVersion < OLDEST_TDS_VERSION) throw new TdsFramingError('TDS version too old');
    if (login.isIntegrated) {
      writeIntegratedRefused(this.#channel);
      return this.#transport.end();
    }
    let session: SqlSession;
    try {
      const { user, password, catalogue, appName, hostName } = login;
      session = await this.engine.login({ user, password, catalogue, appName, hostName });
    } catch (error) {
      this.settings.log('login.refused', nameOf(error));
      if (this.#phase === 'closed') return;
      writeLoginRefused(this.#channel, login.user, error);
      return this.#transport.end();
    }
    if (this.#isClosed) return session.close();
    clearTimeout(this.#loginTimer);
    this.#session = session;
    const requests = new SessionRequests(session, this.#channel, (error) =>
      this.settings.log('request.failed', nameOf(error)),
    );
    this.#queue = new RequestQueue(requests, this.#channel, () => this.#applyPause());
    writeLoginAccepted(this.#channel, login, session);
    this.#phase = 'ready';
    this.#applyPause();
  }

  #onRequestPacket(packet: Packet): void {
    if (packet.type === PacketType.attention) return this.#onAttention();
    if (packet.type === PacketType.bulkLoad) return this.#onBulkPacket(packet);
    if (this.#bulk !== undefined) throw new TdsFramingError('interleaved messages');
    const message = this.#assembler.add(packet, this.settings.maxMessageBytes);
    if (message !== undefined) this.#onRequest(message);
  }

  #onRequest(message: Message): void {
    const { type, payload } = message;
    if (message.isIgnored) return this.#queue!.addIgnored();
    if (
      type !== PacketType.sqlBatch &&
      type !== PacketType.rpc &&
      type !== PacketType.transactionManager
    ) {
      throw new TdsFramingError('no request');
    }
    this.#enqueue({ type, payload, reset: resetOf(message.firstStatus) });
  }

  /** A bulk load runs while its rows are still arriving. */
  #onBulkPacket(packet: Packet): void {
    if (this.#assembler.isOpen) throw new TdsFramingError('interleaved messages');
    let stream = this.#bulk;
    if (stream === undefined) {
      stream = new BulkLoadStream((isFull) => {
        this.#isBulkFull = isFull;
        this.#applyPause();
      }, this.settings.maxMessageBytes);
      this.#bulk = stream;
      this.#enqueue({ type: PacketType.bulkLoad, stream, reset: resetOf(packet.status) });
    }
    stream.feed(packet.payload);
    if ((packet.status & PacketStatus.endOfMessage) === 0) return;
    this.#bulk = undefined;
    if ((packet.status & PacketStatus.ignore) === 0) return stream.end();
    stream.abort(new CancelledError());
    this.#queue!.abandon();
  }

  #onAttention(): void {
    // A client that sends an attention within a message has given that message up.
    this.#assembler.drop();
    this.#bulk?.abort(new CancelledError());
    this.#bulk = undefined;
    this.#queue!.attention();
    this.#transport.releaseWriters();
  }

  #enqueue(request: Request): void {
    this.#queue!.add(request);
    this.#applyPause();
  }

  #applyPause(): void {
    if (this.#isClosed) return;
    if (this.#isPaused) return this.#transport.pause();
    this.#transport.resume();
    this.#guard(() => this.#reader.drain());
  }

  get #isClosed(): boolean {
    return this.#phase === 'closed';
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (this.#isClosed) return;
    this.settings.log('connection.failed', nameOf(error));
    this.#transport.destroy();
  }

  async #onClosed(): Promise<void> {
    this.#phase = 'closed';
    clearTimeout(this.#loginTimer);
    this.#bulk?.abort(new CancelledError());
    this.#transport.releaseWriters();
    this.#queue?.close();
    try {
      await this.#session?.close();
    } catch (error) {
      this.settings.log('session.closeFailed', nameOf(error));
    }
  }
}

function resetOf(status: number): Reset {
  if ((status & PacketStatus.resetConnectionKeepTransaction) !== 0) return 'keepTransaction';
  return (status & PacketStatus.resetConnection) === 0 ? 'none' : 'all';
}

/** An error's name and code: its message might hold what a user typed. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if (error instanceof TdsFramingError) return error.message;
  return 'code' in error && typeof error.code === 'string' ? error.code : error.constructor.name;
}
