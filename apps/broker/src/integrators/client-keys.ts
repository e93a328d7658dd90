/** Public keys of an OAuth client: nothing private is taken in, and nothing that is too weak. */
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { InvalidFields } from '#libs/contracts/read-dto.js';

const MIN_RSA_BITS = 2_048;
const MAX_RSA_BITS = 4_096;
/** Members that a public key may have (RFC 7517, 7518, 8037). */
const MEMBERS = new Set(['kty', 'crv', 'x', 'y', 'n', 'e', 'kid', 'alg', 'use']);
const TEXT = /^[\x21-\x7e]{1,1024}$/;

/** @throws InvalidFields naming the key, never showing it */
export function requireClientKeys(keys: readonly object[]): void {
  const problems = keys.flatMap((key, index) => {
    const problem = problemOf(key);
    return problem === undefined ? [] : [{ field: `jwks.keys[${index}]`, problem }];
  });
  const names = keys.map((key) => (key as { kid?: string }).kid);
  if (keys.length > 1 && new Set(names.map(String)).size < keys.length) {
    problems.push({ field: 'jwks.keys', problem: 'must each have a kid of its own' });
  }
  if (problems.length > 0) throw new InvalidFields(problems);
}

function problemOf(key: object): string | undefined {
  if ('d' in key || 'p' in key || 'q' in key || 'k' in key) {
    return 'is a private key: make a new one and send its public half';
  }
  for (const [member, value] of Object.entries(key)) {
    if (!MEMBERS.has(member)) return 'has a member that a public key has not';
    if (typeof value !== 'string' || !TEXT.test(value)) return 'has a member that is no text';
  }
  const wanted = 'must be a public key: EC P-256, Ed25519, or RSA of 2048 to 4096 bits';
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPublicKey({
      key: key as JsonWebKey,
      format: 'jwk',
    });
    if (asymmetricKeyType === 'ed25519') return undefined;
    if (asymmetricKeyType === 'ec') {
      return asymmetricKeyDetails?.namedCurve === 'prime256v1' ? undefined : wanted;
    }
    const bits = asymmetricKeyDetails?.modulusLength ?? 0;
    const isRight = asymmetricKeyType === 'rsa' && bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS;
    return isRight ? undefined : wanted;
  } catch {
    return wanted;
  }
}
