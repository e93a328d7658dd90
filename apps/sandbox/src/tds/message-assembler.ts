import { PacketStatus, TdsFramingError } from './protocol.js';
import type { Packet } from './packet-reader.js';

export interface Message {
  type: number;
  /** Status bits of the first packet; that is where a reset is asked for. */
  firstStatus: number;
  isIgnored: boolean;
  payload: Buffer;
}

/** Joins packets into one message and refuses to hold more than a limit. */
export class MessageAssembler {
  #parts: Buffer[] = [];
  #byteCount = 0;
  #first: { type: number; status: number } | undefined;

  get isOpen(): boolean {
    return this.#first !== undefined;
  }

  /**
   * @returns the message when this was its last packet
   * @throws TdsFramingError when messages are interleaved or one is larger than `maxBytes`
   */
  add(packet: Packet, maxBytes: number): Message | undefined {
    this.#first ??= { type: packet.type, status: packet.status };
    if (this.#first.type !== packet.type) throw new TdsFramingError('interleaved messages');
    this.#byteCount += packet.payload.length;
    if (this.#byteCount > maxBytes) throw new TdsFramingError('message too large');
    this.#parts.push(Buffer.from(packet.payload));
    if ((packet.status & PacketStatus.endOfMessage) === 0) return undefined;
    const message: Message = {
      type: packet.type,
      firstStatus: this.#first.status,
      isIgnored: (packet.status & PacketStatus.ignore) !== 0,
      payload: this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts),
    };
    this.drop();
    return message;
  }

  drop(): void {
    this.#parts = [];
    this.#byteCount = 0;
    this.#first = undefined;
  }
}
