import { TdsFramingError } from './protocol.js';
import { SERVER_VERSION } from './tokens.js';

const Option = { version: 0, encryption: 1, instance: 2, threadId: 3, mars: 4 } as const;
const TERMINATOR = 0xff;

/** ENCRYPTION of PRELOGIN, [MS-TDS] 2.2.6.5. */
export const Encryption = { off: 0, on: 1, notSupported: 2, required: 3 } as const;

/** How the rest of the connection is protected. */
export type EncryptionMode = 'none' | 'login-only' | 'always';

/** Reads the client's wish for encryption; a client that names none asks for none. */
export function readPrelogin(payload: Buffer): { encryption: number } {
  let encryption: number = Encryption.notSupported;
  for (let at = 0; ; at += 5) {
    const option = payload[at];
    if (option === undefined) throw new TdsFramingError('PRELOGIN has no terminator');
    if (option === TERMINATOR) return { encryption };
    if (at + 5 > payload.length) throw new TdsFramingError('PRELOGIN ends within an option');
    const offset = payload.readUInt16BE(at + 1);
    const length = payload.readUInt16BE(at + 3);
    if (offset + length > payload.length)
      throw new TdsFramingError('PRELOGIN option out of bounds');
    if (option === Option.encryption && length >= 1) encryption = payload[offset]!;
  }
}

/** A server that has a certificate and forces nothing: the client's wish decides. */
export function agreeOnEncryption(wish: number): { mode: EncryptionMode; answer: number } {
  switch (wish) {
    case Encryption.off:
      return { mode: 'login-only', answer: Encryption.off };
    case Encryption.on:
    case Encryption.required:
      return { mode: 'always', answer: Encryption.on };
    case Encryption.notSupported:
      return { mode: 'none', answer: Encryption.notSupported };
    default:
      throw new TdsFramingError('unknown encryption option');
  }
}

export function preloginAnswer(encryption: number): Buffer {
  const options: [number, number[]][] = [
    [Option.version, [...SERVER_VERSION, 0, 0]],
    [Option.encryption, [encryption]],
    [Option.instance, [0]],
    [Option.threadId, []],
    [Option.mars, [0]],
  ];
  const head: number[] = [];
  const values: number[] = [];
  const headBytes = options.length * 5 + 1;
  for (const [option, bytes] of options) {
    const offset = headBytes + values.length;
    head.push(option, offset >> 8, offset & 0xff, bytes.length >> 8, bytes.length & 0xff);
    values.push(...bytes);
  }
  return Buffer.from([...head, TERMINATOR, ...values]);
}
