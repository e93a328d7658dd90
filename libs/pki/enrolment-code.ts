/**
 * The one-time code with which an agent enrols: `CE1-` and twelve groups of six characters.
 * Layout: version (1) ‖ code id (8) ‖ seed (16) ‖ first half of the CA pin (16) ‖ check (4), where
 * the check is the start of SHA-256 over the rest and only catches typing errors.
 * The seed never leaves the agent: it derives an Ed25519 key of which the broker knows the public half.
 */
import { createHash, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Secret } from '#libs/kernel/secret.js';
import { decodeCrockford, encodeCrockford } from '#libs/pki/crockford.js';
import { ed25519FromSeed, type KeyPair } from '#libs/pki/keys.js';

const VERSION = 1;
const ID_BYTES = 8;
const SEED_BYTES = 16;
const PIN_BYTES = 16;
const CHECK_BYTES = 4;
const GROUP = 6;
const prefix = 'CE1';

export interface EnrolmentCode {
  /** Public part; lowercase hex. */
  codeId: string;
  seed: Secret<Buffer>;
  /** First 16 bytes of the SHA-256 of the CA's SPKI: 128 bits against a second preimage. */
  caPin: Buffer;
}

/** @param caPin SHA-256 of the CA's SPKI, 32 bytes */
export function makeEnrolmentCode(caPin: Uint8Array): EnrolmentCode {
  return {
    codeId: randomBytes(ID_BYTES).toString('hex'),
    seed: new Secret(randomBytes(SEED_BYTES)),
    caPin: Buffer.from(caPin.subarray(0, PIN_BYTES)),
  };
}

/** The text to hand over. It holds the seed: show it once, store it nowhere. */
export function writeEnrolmentCode(code: EnrolmentCode): string {
  const id = Buffer.from(code.codeId, 'hex');
  const payload = Buffer.concat([Uint8Array.of(VERSION), id, code.seed.reveal(), code.caPin]);
  const text = encodeCrockford(Buffer.concat([payload, check(payload)]));
  return [prefix, ...(text.match(new RegExp(`.{1,${GROUP}}`, 'g')) ?? [])].join('-');
}

/**
 * Case, spaces and hyphens do not matter; I, L and O are read as 1, 1 and 0.
 * @throws ConduitError ENROLMENT_CODE_INVALID when it is not a code or was mistyped
 */
export function readEnrolmentCode(text: string): EnrolmentCode {
  const bare = text.slice(0, 200).replace(/[\s-]/g, '').toUpperCase();
  const bytes = bare.startsWith(prefix) ? decodeCrockford(bare.slice(prefix.length)) : undefined;
  const payload = bytes?.subarray(0, -CHECK_BYTES);
  const wellFormed =
    bytes?.length === 1 + ID_BYTES + SEED_BYTES + PIN_BYTES + CHECK_BYTES &&
    payload !== undefined &&
    check(payload).equals(bytes.subarray(-CHECK_BYTES)) &&
    payload[0] === VERSION;
  if (!wellFormed) throw new ConduitError('ENROLMENT_CODE_INVALID');
  return {
    codeId: payload.subarray(1, 1 + ID_BYTES).toString('hex'),
    seed: new Secret(Buffer.from(payload.subarray(1 + ID_BYTES, 1 + ID_BYTES + SEED_BYTES))),
    caPin: Buffer.from(payload.subarray(-PIN_BYTES)),
  };
}

/** HKDF-SHA256 (RFC 5869) of the seed, bound to the code's id, as an Ed25519 key. */
export function deriveCodeKey(code: EnrolmentCode): KeyPair {
  const context = Buffer.from(`conduit-enrolment-key-v1:${code.codeId}`, 'utf8');
  const seed = hkdfSync('sha256', code.seed.reveal(), Buffer.alloc(0), context, 32);
  return ed25519FromSeed(new Uint8Array(seed));
}

/** Whether a CA's full pin is the one the code names. */
export function pinMatches(code: Pick<EnrolmentCode, 'caPin'>, caPin: Uint8Array): boolean {
  return (
    code.caPin.length === PIN_BYTES &&
    caPin.length >= PIN_BYTES &&
    timingSafeEqual(code.caPin, caPin.subarray(0, PIN_BYTES))
  );
}

function check(payload: Uint8Array): Buffer {
  return createHash('sha256').update(payload).digest().subarray(0, CHECK_BYTES);
}
