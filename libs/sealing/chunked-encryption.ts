/**
 * C2SP chunked-encryption (https://c2sp.org/chunked-encryption) as Cobblestone-256: HKDF-Expand
 * over SHA-512 and AES-256-GCM in chunks of 16 KiB, `salt ‖ commitment ‖ chunks`. A changed byte,
 * a chunk moved, repeated, left out or added, another key and another context are all refused.
 * Messages lie in one buffer here, so the chunk number stays far below the 2^38 of the text.
 */
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { hkdfExpand } from '#libs/sealing/hkdf.js';

export const contentKeyBytes = 32;

const label = Buffer.from('c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0', 'latin1');
const SALT_BYTES = 24;
const NONCE_BYTES = 12;
const COMMITMENT_BYTES = 32;
const HEADER_BYTES = SALT_BYTES + COMMITMENT_BYTES;
const CHUNK_BYTES = 16 * 1024;
const TAG_BYTES = 16;
const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES;

/** How large a message of `plainBytes` becomes. */
function sealedBytes(plainBytes: number): number {
  const chunks = Math.floor(plainBytes / CHUNK_BYTES) + 1;
  return HEADER_BYTES + plainBytes + chunks * TAG_BYTES;
}

/**
 * @param key 32 bytes, uniformly random; may seal any number of messages
 * @param context bound into the key: opening needs the same bytes
 * @param salt for published vectors alone; it must never repeat under one key
 * @throws RangeError for a key of another length
 */
export function sealChunks(
  key: Uint8Array,
  context: Uint8Array,
  plain: Uint8Array,
  salt: Uint8Array = randomBytes(SALT_BYTES),
): Buffer {
  const message = messageKeys(key, salt, context);
  const sealed = Buffer.allocUnsafeSlow(sealedBytes(plain.length));
  sealed.set(salt);
  sealed.set(message.commitment, SALT_BYTES);
  let at = HEADER_BYTES;
  for (let number = 0; number * CHUNK_BYTES <= plain.length; number += 1) {
    const cipher = createCipheriv('aes-256-gcm', message.key, chunkNonce(message, number));
    const start = number * CHUNK_BYTES;
    const body = cipher.update(plain.subarray(start, start + CHUNK_BYTES));
    cipher.final();
    sealed.set(body, at);
    sealed.set(cipher.getAuthTag(), at + body.length);
    at += body.length + TAG_BYTES;
  }
  return sealed;
}

/** @throws ConduitError SEAL_BROKEN; nothing of the message is returned then */
export function openChunks(key: Uint8Array, context: Uint8Array, sealed: Uint8Array): Buffer {
  const chunks = readChunks(key, context, sealed);
  const plain = Buffer.allocUnsafeSlow(sealed.length - HEADER_BYTES - chunks.count * TAG_BYTES);
  for (let number = 0; number < chunks.count; number += 1)
    plain.set(chunks.open(number), number * CHUNK_BYTES);
  return plain;
}

/**
 * The message in pieces of 16 KiB, each proven genuine before it is handed out. The last chunk is
 * proven before the first is handed out, so a message that was cut short yields nothing.
 * @throws ConduitError SEAL_BROKEN at once, or at the chunk that was changed
 */
export function* openEachChunk(
  key: Uint8Array,
  context: Uint8Array,
  sealed: Uint8Array,
): Generator<Buffer, void, undefined> {
  const chunks = readChunks(key, context, sealed);
  const last = chunks.open(chunks.count - 1);
  for (let number = 0; number < chunks.count - 1; number += 1) yield chunks.open(number);
  if (last.length > 0) yield last;
}

interface MessageKeys {
  key: KeyObject;
  nonce: Buffer;
  commitment: Buffer;
}

function messageKeys(key: Uint8Array, salt: Uint8Array, context: Uint8Array): MessageKeys {
  if (key.length !== contentKeyBytes) throw new RangeError('a content key has 32 bytes');
  const info = Buffer.concat([label, salt, context]);
  const bytes = contentKeyBytes + NONCE_BYTES + COMMITMENT_BYTES;
  const made = hkdfExpand('sha512', key, info, bytes);
  return {
    key: createSecretKey(made.subarray(0, contentKeyBytes)),
    nonce: made.subarray(contentKeyBytes, contentKeyBytes + NONCE_BYTES),
    commitment: made.subarray(contentKeyBytes + NONCE_BYTES),
  };
}

/** The nonce of the message XOR the chunk's number, big-endian. */
function chunkNonce({ nonce }: MessageKeys, number: number): Buffer {
  const own = Buffer.from(nonce);
  const last = NONCE_BYTES - 4;
  own.writeUInt32BE((nonce.readUInt32BE(last) ^ number) >>> 0, last);
  return own;
}

/** Lengths and the commitment are checked here, before any chunk is opened. */
function readChunks(
  key: Uint8Array,
  context: Uint8Array,
  sealed: Uint8Array,
): { count: number; open(number: number): Buffer } {
  const bodyBytes = sealed.length - HEADER_BYTES;
  const lastBytes = bodyBytes % SEALED_CHUNK_BYTES;
  if (bodyBytes < 0 || lastBytes < TAG_BYTES) throw new ConduitError('SEAL_BROKEN');
  const message = messageKeys(key, sealed.subarray(0, SALT_BYTES), context);
  if (!timingSafeEqual(message.commitment, sealed.subarray(SALT_BYTES, HEADER_BYTES)))
    throw new ConduitError('SEAL_BROKEN');
  return {
    count: Math.floor(bodyBytes / SEALED_CHUNK_BYTES) + 1,
    open(number) {
      const start = HEADER_BYTES + number * SEALED_CHUNK_BYTES;
      return openChunk(message, number, sealed.subarray(start, start + SEALED_CHUNK_BYTES));
    },
  };
}

function openChunk(message: MessageKeys, number: number, chunk: Uint8Array): Buffer {
  const nonce = chunkNonce(message, number);
  const decipher = createDecipheriv('aes-256-gcm', message.key, nonce, {
    authTagLength: TAG_BYTES,
  });
  decipher.setAuthTag(chunk.subarray(-TAG_BYTES));
  const plain = decipher.update(chunk.subarray(0, -TAG_BYTES));
  try {
    decipher.final();
  } catch {
    throw new ConduitError('SEAL_BROKEN');
  }
  return plain;
}
