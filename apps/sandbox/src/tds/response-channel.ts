/**
 * The way out of one connection: the token writer, the socket's back-pressure, and what the
 * connection has told the client about its catalogue and its transaction.
 */
import { COLLATION, EnvChange } from './protocol.js';
import { TokenWriter } from './token-writer.js';
import { writeBytesEnvChange, writeMessage, writeTextEnvChange } from './tokens.js';

/** After so many bytes without a pause the event loop gets a turn, so that an attention is seen. */
const BREATHE_BYTES = 1024 * 1024;
const NOTHING = new Uint8Array(0);

export interface PacketOutlet {
  write(packets: Buffer): void;
  /** Undefined while there is room; otherwise resolves when there is again, or when the socket is gone. */
  whenWritable(): Promise<void> | undefined;
}

export class ResponseChannel {
  readonly writer: TokenWriter;
  #bytesSinceBreath = 0;
  #transactionDescriptor: Buffer | undefined;
  #transactionCount = 0;

  constructor(
    private readonly outlet: PacketOutlet,
    readonly serverName: string,
    packetBytes: number,
  ) {
    this.writer = new TokenWriter((packets) => this.#send(packets), packetBytes);
  }

  /** Sends full packets. A promise means: wait before the next row. */
  flush(): void | Promise<void> {
    this.writer.flushFullPackets();
    const full = this.outlet.whenWritable();
    if (full !== undefined) {
      this.#bytesSinceBreath = 0;
      return full;
    }
    if (this.#bytesSinceBreath < BREATHE_BYTES) return;
    this.#bytesSinceBreath = 0;
    return new Promise((resolve) => setImmediate(resolve));
  }

  reportCatalogue(from: string, to: string): void {
    writeTextEnvChange(this.writer, EnvChange.database, to, from);
    writeMessage(this.writer, this.serverName, {
      number: 5701,
      class: 0,
      state: 1,
      line: 1,
      message: `Changed database context to '${to}'.`,
    });
  }

  reportLanguageAndCollation(): void {
    writeBytesEnvChange(this.writer, EnvChange.collation, COLLATION, NOTHING);
    writeTextEnvChange(this.writer, EnvChange.language, 'us_english', '');
    writeMessage(this.writer, this.serverName, {
      number: 5703,
      class: 0,
      state: 1,
      line: 1,
      message: 'Changed language setting to us_english.',
    });
  }

  /** Each transaction has its own descriptor, which clients echo in their later requests. */
  reportTransaction(event: 'begun' | 'committed' | 'rolledBack'): void {
    if (event === 'begun') {
      if (this.#transactionDescriptor !== undefined) return;
      this.#transactionDescriptor = Buffer.alloc(8);
      this.#transactionDescriptor.writeUInt32LE(++this.#transactionCount, 0);
      this.#transactionDescriptor.writeUInt32LE(this.writer.spid, 4);
      writeBytesEnvChange(
        this.writer,
        EnvChange.beginTransaction,
        this.#transactionDescriptor,
        NOTHING,
      );
      return;
    }
    const ended = this.#transactionDescriptor;
    if (ended === undefined) return;
    this.#transactionDescriptor = undefined;
    writeBytesEnvChange(
      this.writer,
      event === 'committed' ? EnvChange.commitTransaction : EnvChange.rollbackTransaction,
      NOTHING,
      ended,
    );
  }

  #send(packets: Buffer): void {
    this.#bytesSinceBreath += packets.length;
    this.outlet.write(packets);
  }
}
