import {
  MAX_PACKET_BYTES,
  MIN_PACKET_BYTES,
  DEFAULT_PACKET_BYTES,
  TdsFramingError,
} from './protocol.js';

const FIXED_BYTES = 94;
const FEATURE_UTF8_SUPPORT = 0x0a;
const FEATURE_TERMINATOR = 0xff;
const EXTENSION_USED = 0x10;
const INTEGRATED_SECURITY = 0x80;

/** Where the offset and length pairs of the fixed part stand. */
const Field = {
  hostName: 36,
  userName: 40,
  password: 44,
  appName: 48,
  extension: 56,
  database: 68,
} as const;

export interface Login7 {
  tdsVersion: number;
  packetBytes: number;
  user: string;
  password: string;
  catalogue: string | undefined;
  appName: string;
  hostName: string;
  wantsUtf8: boolean;
  /** Windows authentication was asked for; there is no domain here. */
  isIntegrated: boolean;
}

/** [MS-TDS] 2.2.6.4. A request to change the password is not read. */
export function readLogin7(payload: Buffer): Login7 {
  if (payload.length < FIXED_BYTES) throw new TdsFramingError('LOGIN7 is too short');
  if (payload.readUInt32LE(0) !== payload.length)
    throw new TdsFramingError('LOGIN7 length differs');
  const database = text(payload, Field.database);
  return {
    tdsVersion: payload.readUInt32LE(4),
    packetBytes: agreeOnPacketBytes(payload.readUInt32LE(8)),
    hostName: text(payload, Field.hostName),
    user: text(payload, Field.userName),
    password: password(payload),
    appName: text(payload, Field.appName),
    catalogue: database === '' ? undefined : database,
    wantsUtf8:
      (payload[27]! & EXTENSION_USED) !== 0 && requestsFeature(payload, FEATURE_UTF8_SUPPORT),
    isIntegrated: (payload[25]! & INTEGRATED_SECURITY) !== 0,
  };
}

function agreeOnPacketBytes(wish: number): number {
  if (wish === 0) return DEFAULT_PACKET_BYTES;
  return Math.min(MAX_PACKET_BYTES, Math.max(MIN_PACKET_BYTES, wish));
}

function field(payload: Buffer, at: number): Buffer {
  const offset = payload.readUInt16LE(at);
  const byteCount = payload.readUInt16LE(at + 2) * 2;
  if (byteCount === 0) return Buffer.alloc(0);
  if (offset < FIXED_BYTES || offset + byteCount > payload.length) {
    throw new TdsFramingError('LOGIN7 field out of bounds');
  }
  return payload.subarray(offset, offset + byteCount);
}

function text(payload: Buffer, at: number): string {
  return field(payload, at).toString('utf16le');
}

/** The client swaps each byte's halves and flips bits with 0xa5; this is obfuscation, TLS is the protection. */
function password(payload: Buffer): string {
  const plain = Buffer.from(field(payload, Field.password));
  for (let i = 0; i < plain.length; i++) {
    const flipped = plain[i]! ^ 0xa5;
    plain[i] = ((flipped << 4) | (flipped >> 4)) & 0xff;
  }
  const result = plain.toString('utf16le');
  plain.fill(0);
  return result;
}

/** The extension field points at four bytes that point at the list of features. */
function requestsFeature(payload: Buffer, feature: number): boolean {
  const pointerAt = payload.readUInt16LE(Field.extension);
  if (pointerAt + 4 > payload.length) throw new TdsFramingError('LOGIN7 extension out of bounds');
  let at = payload.readUInt32LE(pointerAt);
  for (;;) {
    const id = payload[at];
    if (id === FEATURE_TERMINATOR) return false;
    if (id === undefined || at + 5 > payload.length) {
      throw new TdsFramingError('LOGIN7 feature list has no end');
    }
    if (id === feature) return true;
    at += 5 + payload.readUInt32LE(at + 1);
  }
}
