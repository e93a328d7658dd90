import { MAX_PACKET_BYTES, PACKET_HEADER_BYTES, PacketType, TdsFramingError } from './protocol.js';

export interface Packet {
  type: number;
  status: number;
  /** A view into the received bytes: valid only until the handler returns. */
  payload: Buffer;
}

const knownTypes = new Set<number>(
  Object.values(PacketType).filter((type) => type !== PacketType.tabularResponse),
);

/**
 * Cuts received bytes into packets. It holds at most one incomplete packet and what one read of
 * the socket brought; while `paused` says so it hands nothing out.
 */
export class PacketReader {
  #pending: Buffer = Buffer.alloc(0);
  #isDraining = false;

  constructor(
    private readonly onPacket: (packet: Packet) => void,
    private readonly isPaused: () => boolean,
  ) {}

  /** @throws TdsFramingError on a header that no TDS client writes */
  push(chunk: Buffer): void {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    this.drain();
  }

  /** Hands out what is complete; call it again when a pause ends. */
  drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    try {
      while (!this.isPaused()) {
        const packet = this.#next();
        if (packet === undefined) return;
        this.onPacket(packet);
      }
    } finally {
      this.#isDraining = false;
    }
  }

  #next(): Packet | undefined {
    const bytes = this.#pending;
    if (bytes.length < PACKET_HEADER_BYTES) return undefined;
    const type = bytes[0]!;
    const length = bytes.readUInt16BE(2);
    if (!knownTypes.has(type)) throw new TdsFramingError('unknown packet type');
    if (length < PACKET_HEADER_BYTES || length > MAX_PACKET_BYTES) {
      throw new TdsFramingError('impossible packet length');
    }
    if (bytes.length < length) return undefined;
    this.#pending = bytes.subarray(length);
    return { type, status: bytes[1]!, payload: bytes.subarray(PACKET_HEADER_BYTES, length) };
  }
}
