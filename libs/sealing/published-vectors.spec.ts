/** What others published for the algorithms in this room, run through the code that seals. */
import { createHash, diffieHellman, hkdfSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { publicKeyFromRaw, rawPublicKey, x25519FromScalar } from '#libs/pki/keys.js';
import { openChunks, openEachChunk, sealChunks } from '#libs/sealing/chunked-encryption.js';
import { hkdfExpand, hkdfExtract } from '#libs/sealing/hkdf.js';
import { deriveKeyPair, hpkeOpen, hpkeSeal } from '#libs/sealing/hpke.js';

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');
const run = (from: number, count: number): Buffer =>
  Buffer.from(Array.from({ length: count }, (_, index) => from + index));

describe('HKDF gives what RFC 5869 appendix A says', () => {
  test.each([
    {
      name: 'A.1, the plain case',
      input: Buffer.alloc(22, 0x0b),
      salt: run(0, 13),
      info: run(0xf0, 10),
      prk: '077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5',
      made: '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
    },
    {
      name: 'A.2, longer inputs and outputs',
      input: run(0, 80),
      salt: run(0x60, 80),
      info: run(0xb0, 80),
      prk: '06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244',
      made:
        'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c6' +
        '5e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87',
    },
    {
      name: 'A.3, no salt and no info',
      input: Buffer.alloc(22, 0x0b),
      salt: Buffer.alloc(0),
      info: Buffer.alloc(0),
      prk: '19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04',
      made: '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
    },
  ])('$name', ({ input, salt, info, prk, made }) => {
    const extracted = hkdfExtract('sha256', salt, input);
    expect(extracted.toString('hex')).toBe(prk);
    const expanded = hkdfExpand('sha256', extracted, info, made.length / 2);
    expect(expanded.toString('hex')).toBe(made);
  });
});

test('both halves of HKDF together are node:crypto’s whole, for both hashes and any length', () => {
  for (const hash of ['sha256', 'sha512'] as const)
    for (const length of [1, 31, 32, 33, 64, 76, 128, 1000]) {
      const [input, salt, info] = [randomBytes(40), randomBytes(20), randomBytes(10)];
      const made = hkdfExpand(hash, hkdfExtract(hash, salt, input), info, length);
      expect(made.equals(Buffer.from(hkdfSync(hash, input, salt, info, length)))).toBe(true);
    }
  expect(() => hkdfExpand('sha256', randomBytes(32), randomBytes(1), 255 * 32 + 1)).toThrow(
    RangeError,
  );
});

function x25519(scalar: Buffer, point: Buffer): Buffer {
  const { privateKey } = x25519FromScalar(scalar);
  return diffieHellman({ privateKey, publicKey: publicKeyFromRaw('x25519', point) });
}

describe('X25519 gives what RFC 7748 says', () => {
  test.each([
    [
      'a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4',
      'e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c',
      'c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552',
    ],
    [
      '4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d',
      'e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493',
      '95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957',
    ],
  ])('§5.2 scalar %s', (scalar, point, made) => {
    expect(x25519(bytes(scalar), bytes(point)).toString('hex')).toBe(made);
  });

  test('§5.2 once and a thousand times over', () => {
    let scalar: Buffer = Buffer.from([9, ...Buffer.alloc(31)]);
    let point = scalar;
    for (let round = 1; round <= 1000; round += 1) {
      [scalar, point] = [x25519(scalar, point), scalar];
      if (round === 1)
        expect(scalar.toString('hex')).toBe(
          '422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079',
        );
    }
    expect(scalar.toString('hex')).toBe(
      '684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51',
    );
  });

  test('§6.1 both sides reach the same secret', () => {
    const alice = bytes('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a');
    const bob = bytes('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb');
    const alicePublic = rawPublicKey(x25519FromScalar(alice).publicKey);
    const bobPublic = rawPublicKey(x25519FromScalar(bob).publicKey);
    expect(alicePublic.toString('hex')).toBe(
      '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a',
    );
    expect(bobPublic.toString('hex')).toBe(
      'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f',
    );
    const shared = '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742';
    expect(x25519(alice, bobPublic).toString('hex')).toBe(shared);
    expect(x25519(bob, alicePublic).toString('hex')).toBe(shared);
  });
});

/**
 * RFC 9180's own vectors (the CFRG's test-vectors.json at 5f503c5, which the RFC names): mode_base,
 * kem_id 0x0020, kdf_id 0x0001, aead_id 0x0002, first encryption. Appendix A does not print this suite.
 */
test('HPKE gives what the vectors of RFC 9180 say for this suite', () => {
  const info = Buffer.from('Ode on a Grecian Urn');
  const plain = Buffer.from('Beauty is truth, truth beauty');
  const aad = Buffer.from('Count-0');
  const ephemeral = deriveKeyPair(
    bytes('2cd7c601cefb3d42a62b04b7a9041494c06c7843818e0ce28a8f704ae7ab20f9'),
  );
  const recipient = deriveKeyPair(
    bytes('dac33b0e9db1b59dbbea58d59a14e7b5896e9bdf98fad6891e99d1686492b9ee'),
  );
  const recipientPublic = rawPublicKey(recipient.publicKey);
  expect(recipientPublic.toString('hex')).toBe(
    '430f4b9859665145a6b1ba274024487bd66f03a2dd577d7753c68d7d7d00c00c',
  );
  const sealed = hpkeSeal(recipientPublic, info, plain, aad, ephemeral);
  expect(sealed.toString('hex')).toBe(
    '6c93e09869df3402d7bf231bf540fadd35cd56be14f97178f0954db94b7fc256' +
      'e5d84cd531cfb583096e7cfa9641bd3079cf3a91cda813c52deb5f512be9931980a41de125a925cdad859d5b7a',
  );
  const printed = x25519FromScalar(
    bytes('497b4502664cfea5d5af0b39934dac72242a74f8480451e1aee7d6a53320333d'),
  );
  expect(hpkeOpen(printed.privateKey, info, sealed, aad).equals(plain)).toBe(true);
});

interface ChunkedVector {
  tcId: number;
  comment: string;
  key: string;
  ctx: string;
  /** Hex of a zlib stream. */
  ct: string;
  msgLength?: number;
  msgSha512?: string;
  result: 'valid' | 'invalid';
}

const { tests: chunked } = JSON.parse(
  readFileSync(new URL('./cobblestone-256.vectors.json', import.meta.url), 'utf8'),
) as { tests: ChunkedVector[] };
const sha512 = (data: Buffer): string => createHash('sha512').update(data).digest('hex');

describe('Cobblestone-256 does what Wycheproof’s vectors demand', () => {
  test('33 of the 35 vectors are here', () => {
    expect(chunked).toHaveLength(33);
  });

  test.each(chunked.filter(({ result }) => result === 'valid'))(
    '$tcId: $comment opens, and seals to the same bytes again',
    ({ key, ctx, ct, msgLength, msgSha512 }) => {
      const sealed = inflateSync(bytes(ct));
      const plain = openChunks(bytes(key), bytes(ctx), sealed);
      expect(plain).toHaveLength(msgLength as number);
      expect(sha512(plain)).toBe(msgSha512);
      expect(Buffer.concat([...openEachChunk(bytes(key), bytes(ctx), sealed)])).toEqual(plain);
      const again = sealChunks(bytes(key), bytes(ctx), plain, sealed.subarray(0, 24));
      expect(again.equals(sealed)).toBe(true);
    },
  );

  test.each(chunked.filter(({ result }) => result === 'invalid'))(
    '$tcId: $comment is refused, and no piece beyond its valid start is handed out',
    ({ key, ctx, ct, msgLength, msgSha512 }) => {
      const sealed = inflateSync(bytes(ct));
      expect(() => openChunks(bytes(key), bytes(ctx), sealed)).toThrow();
      const pieces: Buffer[] = [];
      expect(() => {
        for (const piece of openEachChunk(bytes(key), bytes(ctx), sealed)) pieces.push(piece);
      }).toThrow();
      const handedOut = Buffer.concat(pieces);
      expect(handedOut.length).toBeLessThanOrEqual(msgLength ?? 0);
      if (handedOut.length > 0 && handedOut.length === msgLength)
        expect(sha512(handedOut)).toBe(msgSha512);
    },
  );
});

/** In place of the two vectors of 4 MiB: what pyca/cryptography 50.0.2 made of the same input. */
test('a chunk number of more than one byte is counted as another implementation counts it', () => {
  const plain = Buffer.alloc(257 * 16384 + 5);
  for (let index = 0; index < plain.length; index += 1) plain[index] = (index * 31 + 7) & 0xff;
  const salt = bytes('3a989556b4b277e1224d9226b35a8df20f2e4ac26cf972d6');
  const sealed = sealChunks(run(0, 32), Buffer.from('conduit cross check'), plain, salt);
  expect(sha512(sealed)).toBe(
    'ab530ff892eea566833e586a3626960b8785525414f2dabf5a2b237e6c41f227b8de11b0547ba4b2643c35cdc5773a81' +
      '76d9bbe83c1c7aa9e2e0687e571c90cc',
  );
  expect(openChunks(run(0, 32), Buffer.from('conduit cross check'), sealed).equals(plain)).toBe(
    true,
  );
});
