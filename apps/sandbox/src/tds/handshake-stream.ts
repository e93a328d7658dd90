import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

import {
  MAX_PACKET_BYTES,
  PACKET_HEADER_BYTES,
  PacketStatus,
  PacketType,
  TdsFramingError,
} from './protocol.js';

const TLS_APPLICATION_DATA = 0x17;
const FIRST_TLS_RECORD_TYPE = 0x14;
/** A handshake flight with a certificate chain fits well; more than this is no handshake. */
const MAX_FLIGHT_BYTES = 64 * 1024;

/**
 * What the TLS engine takes for its socket. During the handshake it wraps outgoing records into
 * PRELOGIN packets, one message per flight because clients read exactly one answer to each of
 * theirs, and unwraps incoming ones; afterwards records pass untouched. The switch is seen in the
 * bytes themselves: the first application-data record going out, the first bare record coming in.
 */
export class HandshakeStream extends Duplex {
  #pending: Buffer = Buffer.alloc(0);
  #isInboundRaw = false;
  #isOutboundRaw = false;
  #flight: Buffer[] = [];
  #continueWrite: (() => void) | undefined;
  #isDetached = false;

  constructor(
    private readonly socket: Socket,
    private readonly onFailure: (error: unknown) => void,
  ) {
    super({ highWaterMark: 256 * 1024 });
  }

  /** Bytes from the network. */
  receive(chunk: Buffer): void {
    if (this.#isInboundRaw) {
      if (!this.push(chunk)) this.socket.pause();
      return;
    }
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    try {
      this.#unwrap();
    } catch (error) {
      this.onFailure(error);
    }
  }

  /** The network socket has room again. */
  continueWriting(): void {
    const resume = this.#continueWrite;
    this.#continueWrite = undefined;
    resume?.();
  }

  /** TLS is over; anything it still wants to say is dropped. */
  detach(): void {
    this.#isDetached = true;
    this.socket.resume();
  }

  override _read(): void {
    if (!this.#isDetached) this.socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#emitRecords([chunk], done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.#emitRecords(
      chunks.map(({ chunk }) => chunk),
      done,
    );
  }

  override _final(done: () => void): void {
    if (!this.#isDetached && !this.socket.destroyed) this.socket.end();
    done();
  }

  #emitRecords(records: Buffer[], done: () => void): void {
    if (this.#isDetached || this.socket.destroyed) return done();
    if (!this.#isOutboundRaw && records[0]![0] === TLS_APPLICATION_DATA) {
      this.#sendFlight();
      this.#isOutboundRaw = true;
    }
    if (!this.#isOutboundRaw) {
      // The engine may write one flight in several pieces within one turn of the event loop.
      if (this.#flight.length === 0) setImmediate(() => this.#sendFlight());
      this.#flight.push(...records);
      return done();
    }
    let hasRoom = true;
    for (const record of records) hasRoom = this.socket.write(record);
    if (hasRoom) done();
    else this.#continueWrite = done;
  }

  #sendFlight(): void {
    if (this.#flight.length === 0 || this.#isDetached || this.socket.destroyed) return;
    const payload = Buffer.concat(this.#flight);
    this.#flight = [];
    const perPacket = 4096 - PACKET_HEADER_BYTES;
    for (let at = 0; at < payload.length; at += perPacket) {
      const part = payload.subarray(at, at + perPacket);
      const isLast = at + perPacket >= payload.length;
      const header = Buffer.alloc(PACKET_HEADER_BYTES);
      header[0] = PacketType.prelogin;
      header[1] = isLast ? PacketStatus.endOfMessage : 0;
      header.writeUInt16BE(part.length + PACKET_HEADER_BYTES, 2);
      header[6] = (at / perPacket + 1) & 0xff;
      this.socket.write(Buffer.concat([header, part]));
    }
  }

  #unwrap(): void {
    for (;;) {
      const bytes = this.#pending;
      if (bytes.length === 0) return;
      if (bytes[0]! >= FIRST_TLS_RECORD_TYPE && bytes[0]! <= TLS_APPLICATION_DATA) {
        this.#isInboundRaw = true;
        this.#pending = Buffer.alloc(0);
        this.push(bytes);
        return;
      }
      if (bytes[0] !== PacketType.prelogin) throw new TdsFramingError('no TLS handshake');
      if (bytes.length < PACKET_HEADER_BYTES) return;
      const length = bytes.readUInt16BE(2);
      if (length < PACKET_HEADER_BYTES || length > Math.min(MAX_PACKET_BYTES, MAX_FLIGHT_BYTES)) {
        throw new TdsFramingError('impossible packet length');
      }
      if (bytes.length < length) return;
      this.#pending = bytes.subarray(length);
      this.push(bytes.subarray(PACKET_HEADER_BYTES, length));
    }
  }
}
