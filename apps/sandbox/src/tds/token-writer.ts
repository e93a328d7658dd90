import { MAX_PACKET_BYTES, PACKET_HEADER_BYTES, PacketStatus, PacketType } from './protocol.js';

const INITIAL_BYTES = 128 * 1024;

/**
 * Collects the tokens of one response in one flat buffer and cuts it into packets. Values are
 * written straight into the buffer: no small Buffers, no arrays of chunks. A token written half
 * can be taken back by restoring `position`, as long as nothing was flushed in between.
 */
export class TokenWriter {
  bytes = Buffer.allocUnsafe(INITIAL_BYTES);
  position = 0;
  #packetId = 1;

  /** `spid` shows in every packet header, as SQL Server's does. */
  constructor(
    private readonly send: (packets: Buffer) => void,
    public packetBytes: number,
    public spid = 0,
  ) {}

  /** Makes room for `count` more bytes; the write functions below expect it to be there. */
  ensure(count: number): void {
    if (this.position + count <= this.bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.position + count));
    this.bytes.copy(grown, 0, 0, this.position);
    this.bytes = grown;
  }

  uint8(value: number): void {
    this.ensure(1);
    this.bytes[this.position++] = value;
  }

  uint16(value: number): void {
    this.ensure(2);
    this.bytes[this.position++] = value;
    this.bytes[this.position++] = value >>> 8;
  }

  /** Any 32 bits, signed or not. */
  uint32(value: number): void {
    this.ensure(4);
    const { bytes, position } = this;
    bytes[position] = value;
    bytes[position + 1] = value >>> 8;
    bytes[position + 2] = value >>> 16;
    bytes[position + 3] = value >>> 24;
    this.position = position + 4;
  }

  uint32BigEndian(value: number): void {
    this.ensure(4);
    this.position = this.bytes.writeUInt32BE(value >>> 0, this.position);
  }

  /** A whole number of up to 53 bits, as eight bytes; negative ones in two's complement. */
  int64(value: number): void {
    this.uint32(value);
    this.uint32(Math.floor(value / 0x1_0000_0000));
  }

  raw(source: Uint8Array): void {
    this.ensure(source.length);
    this.bytes.set(source, this.position);
    this.position += source.length;
  }

  /** UTF-16 of `text` from `start` to `end`. Short runs go character by character: the native call costs more. */
  ucs2(text: string, start = 0, end = text.length): void {
    const count = end - start;
    this.ensure(count * 2);
    if (count > 40) {
      const slice = count === text.length ? text : text.slice(start, end);
      this.position += this.bytes.write(slice, this.position, count * 2, 'utf16le');
      return;
    }
    const { bytes } = this;
    let at = this.position;
    for (let i = start; i < end; i++) {
      const code = text.charCodeAt(i);
      bytes[at++] = code;
      bytes[at++] = code >>> 8;
    }
    this.position = at;
  }

  /** B_VARCHAR. */
  shortText(text: string): void {
    const clipped = text.length > 255 ? text.slice(0, 255) : text;
    this.uint8(clipped.length);
    this.ucs2(clipped);
  }

  /** US_VARCHAR. */
  longText(text: string): void {
    this.uint16(text.length);
    this.ucs2(text);
  }

  /**
   * Hands full packets to the socket. At least one byte stays back, because only the end of the
   * message may be the last packet, and that packet must hold something.
   */
  flushFullPackets(): void {
    const payload = this.packetBytes - PACKET_HEADER_BYTES;
    const count = Math.floor((this.position - 1) / payload);
    if (count <= 0) return;
    const packets = Buffer.allocUnsafe(count * this.packetBytes);
    for (let i = 0; i < count; i++) {
      this.#writePacket(packets, i * this.packetBytes, i * payload, payload, 0);
    }
    this.bytes.copyWithin(0, count * payload, this.position);
    this.position -= count * payload;
    this.send(packets);
  }

  /** Sends what is left, marked as the end of the message. */
  endMessage(): void {
    this.flushFullPackets();
    const packet = Buffer.allocUnsafe(PACKET_HEADER_BYTES + this.position);
    this.#writePacket(packet, 0, 0, this.position, PacketStatus.endOfMessage);
    this.position = 0;
    this.#packetId = 1;
    this.send(packet);
  }

  #writePacket(target: Buffer, at: number, from: number, length: number, status: number): void {
    const size = length + PACKET_HEADER_BYTES;
    target[at] = PacketType.tabularResponse;
    target[at + 1] = status;
    target.writeUInt16BE(Math.min(size, MAX_PACKET_BYTES), at + 2);
    target.writeUInt16BE(this.spid & 0xffff, at + 4);
    target[at + 6] = this.#packetId;
    target[at + 7] = 0;
    this.#packetId = (this.#packetId + 1) & 0xff;
    this.bytes.copy(target, at + PACKET_HEADER_BYTES, from, from + length);
  }
}
