/**
 * A TDS client that sends exactly the bytes a test wants: what no well-behaved client would send,
 * and the forms that tedious never uses.
 */
import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';

export class RawClient {
  readonly closed: Promise<void>;
  #received: Buffer = Buffer.alloc(0);

  private constructor(readonly socket: Socket) {
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => (this.#received = Buffer.concat([this.#received, chunk])));
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connectSocket(port, '127.0.0.1');
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  /** Connected and logged in, without encryption. */
  static async login(port: number): Promise<RawClient> {
    const client = await RawClient.connect(port);
    client.send(packet(0x12, preloginPayload()));
    await client.message();
    client.send(packet(0x10, login7Payload()));
    await client.message();
    return client;
  }

  send(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  /** The payload of the next whole message. */
  async message(): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (;;) {
      const length = this.#received.length >= 8 ? this.#received.readUInt16BE(2) : 8;
      if (this.#received.length < Math.max(8, length)) {
        await once(this.socket, 'data');
        continue;
      }
      const isLast = (this.#received[1]! & 1) !== 0;
      parts.push(this.#received.subarray(8, length));
      this.#received = this.#received.subarray(length);
      if (isLast) return Buffer.concat(parts);
    }
  }
}

/** One packet; `status` 1 marks the end of its message. */
export function packet(type: number, payload: Buffer, status = 1): Buffer {
  const header = Buffer.from([type, status, 0, 0, 0, 0, 1, 0]);
  header.writeUInt16BE(payload.length + 8, 2);
  return Buffer.concat([header, payload]);
}

/** PRELOGIN that offers no encryption. */
export function preloginPayload(encryption = 2): Buffer {
  return Buffer.from([0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xff, 0, 0, 0, 0, 0, 0, encryption]);
}

export function login7Payload(password = 'right'): Buffer {
  const fixed = Buffer.alloc(94);
  const user = Buffer.from('raw', 'utf16le');
  const secret = Buffer.from(password, 'utf16le').map((b) => ((b << 4) | (b >> 4)) ^ 0xa5);
  fixed.writeUInt32LE(94 + user.length + secret.length, 0);
  fixed.writeUInt32LE(0x74000004, 4);
  fixed.writeUInt32LE(4096, 8);
  fixed.writeUInt16LE(94, 40);
  fixed.writeUInt16LE(user.length / 2, 42);
  fixed.writeUInt16LE(94 + user.length, 44);
  fixed.writeUInt16LE(secret.length / 2, 46);
  return Buffer.concat([fixed, user, secret]);
}

const ALL_HEADERS = Buffer.from('16000000120000000200000000000000000001000000', 'hex');

export function batchPayload(sql: string): Buffer {
  return Buffer.concat([ALL_HEADERS, Buffer.from(sql, 'utf16le')]);
}

/** An RPC message of calls, each given as its bytes after the name. */
export function rpcPayload(calls: { name: string | number; parameters: Buffer[] }[]): Buffer {
  const parts: Buffer[] = [ALL_HEADERS];
  calls.forEach(({ name, parameters }, i) => {
    if (i > 0) parts.push(Buffer.from([0xff]));
    const head = Buffer.alloc(2);
    if (typeof name === 'number') {
      head.writeUInt16LE(0xffff);
      parts.push(head, Buffer.from([name, 0]));
    } else {
      head.writeUInt16LE(name.length);
      parts.push(head, Buffer.from(name, 'utf16le'));
    }
    parts.push(Buffer.from([0, 0]), ...parameters);
  });
  return Buffer.concat(parts);
}

export function intParameter(name: string, value: number, status = 0): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return Buffer.concat([nameAndStatus(name, status), Buffer.from([0x26, 4, 4]), bytes]);
}

export function textParameter(name: string, value: string, status = 0): Buffer {
  const text = Buffer.from(value, 'utf16le');
  const length = Buffer.alloc(2);
  length.writeUInt16LE(text.length);
  return Buffer.concat([
    nameAndStatus(name, status),
    Buffer.from([0xe7, 0x40, 0x1f, 9, 4, 0xd0, 0, 0x34]),
    length,
    text,
  ]);
}

function nameAndStatus(name: string, status: number): Buffer {
  return Buffer.concat([
    Buffer.from([name.length]),
    Buffer.from(name, 'utf16le'),
    Buffer.from([status]),
  ]);
}

/** The DONE family's tokens of a response that holds nothing but them and RETURNSTATUS, as `kind:status`. */
export function doneTokens(message: Buffer): string[] {
  const words: string[] = [];
  for (let at = 0; at < message.length;) {
    const token = message[at]!;
    if (token === 0x79) at += 5;
    else if (token >= 0xfd) {
      words.push(`${token.toString(16)}:${message.readUInt16LE(at + 1).toString(16)}`);
      at += 13;
    } else {
      throw new Error(`unexpected token ${token.toString(16)}`);
    }
  }
  return words;
}
