/**
 * One socket, in the clear or under TLS. TDS 7 hides the TLS handshake inside PRELOGIN packets and
 * then either keeps TLS for good or, with login-only encryption, drops it after LOGIN7. What is
 * above sees cleartext chunks and one writable outlet whichever it is.
 */
import type { Socket } from 'node:net';
import { TLSSocket, type SecureContext } from 'node:tls';

import { HandshakeStream } from './handshake-stream.js';
import type { PacketOutlet } from './response-channel.js';

export const SOCKET_BUFFER_BYTES = 256 * 1024;

export class Transport implements PacketOutlet {
  #handshake: HandshakeStream | undefined;
  #tls: TLSSocket | undefined;
  #writable: Promise<void> | undefined;
  #releaseWriters: (() => void) | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly onData: (chunk: Buffer) => void,
    private readonly onFailure: (error: unknown) => void,
  ) {
    socket.on('data', (chunk: Buffer) => {
      if (this.#handshake === undefined) this.onData(chunk);
      else this.#handshake.receive(chunk);
    });
    socket.on('drain', () => {
      this.#handshake?.continueWriting();
      this.#release();
    });
    socket.on('close', () => this.#release());
  }

  write(packets: Buffer): void {
    const target = this.#tls ?? this.socket;
    if (!target.destroyed) target.write(packets);
  }

  whenWritable(): Promise<void> | undefined {
    const target = this.#tls ?? this.socket;
    if (!target.writableNeedDrain || target.destroyed) return undefined;
    this.#writable ??= new Promise((resolve) => (this.#releaseWriters = resolve));
    return this.#writable;
  }

  /** Lets those who wait for room go on, because the request they serve was cancelled. */
  releaseWriters(): void {
    this.#release();
  }

  /** From here on the client's bytes are a TLS handshake inside PRELOGIN packets. */
  startTls(secureContext: SecureContext): void {
    const handshake = new HandshakeStream(this.socket, this.onFailure);
    const tls = new TLSSocket(
      handshake as unknown as Socket,
      {
        isServer: true,
        secureContext,
        requestCert: false,
        highWaterMark: SOCKET_BUFFER_BYTES,
      } as ConstructorParameters<typeof TLSSocket>[1],
    );
    tls.on('data', (chunk: Buffer) => this.onData(chunk));
    tls.on('drain', () => this.#release());
    tls.on('error', (error) => {
      if (this.#tls === tls) this.onFailure(error);
    });
    this.#handshake = handshake;
    this.#tls = tls;
  }

  /** Login-only encryption ends with LOGIN7: both sides go on in the clear. */
  dropTls(): void {
    const tls = this.#tls;
    const handshake = this.#handshake;
    this.#tls = undefined;
    this.#handshake = undefined;
    handshake?.detach();
    tls?.destroy();
  }

  pause(): void {
    (this.#tls ?? this.socket).pause();
  }

  resume(): void {
    (this.#tls ?? this.socket).resume();
  }

  /** Sends what was written, then closes. */
  end(): void {
    const tls = this.#tls;
    if (tls === undefined) this.socket.end();
    else tls.end(() => this.socket.end());
  }

  destroy(): void {
    this.#tls?.destroy();
    this.socket.destroy();
  }

  #release(): void {
    const release = this.#releaseWriters;
    this.#writable = undefined;
    this.#releaseWriters = undefined;
    release?.();
  }
}
