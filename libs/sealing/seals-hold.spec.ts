/** Whatever is done to something sealed, it is refused by one error, and nothing of it comes out. */
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { PageHeader, SealedPage } from '#libs/contracts/result-page.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { x25519FromScalar } from '#libs/pki/keys.js';
import { deriveResultKey } from '#libs/sealing/result-key.js';
import { sealContext } from '#libs/sealing/seal-context.js';
import { openRequest, type RequestContext, sealRequest } from '#libs/sealing/seal-request.js';
import { ResultOpener, ResultSealer } from '#libs/sealing/seal-result.js';

const agent = deriveResultKey(randomBytes(32), 'stands for an agent');
const requestContext: RequestContext = {
  queryId: 'query-1',
  siteId: 'site-1',
  integratorId: 'integrator-1',
  keyId: 'key-1',
  resultKey: 'result-key-1',
  idempotencyKey: 'once-1',
};
const resultContext = { queryId: 'query-1', siteId: 'site-1', integratorId: 'integrator-1' };
const secret = randomBytes(32);
const resultKey = deriveResultKey(secret, 'query-1');

const CHUNK = 16 * 1024;
const HEADER = 56;

function refused(open: () => unknown): void {
  let error: unknown;
  try {
    open();
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(ConduitError);
  expect((error as ConduitError).code).toBe('SEAL_BROKEN');
}

function flipped(sealed: Buffer, at: number, bit = 1): Buffer {
  const changed = Buffer.from(sealed);
  changed.writeUInt8(changed.readUInt8(at) ^ bit, at);
  return changed;
}

/** Bound whole, as a header is that names its encoding. */
function aHeader(plain: Buffer): PageHeader {
  return { page: 1, rowsStart: 0, rowsEnd: 9, plainBytes: plain.length, encoding: 'identity' };
}

interface Sealed extends SealedPage {
  opener: ResultOpener;
}

function sealedPage(plain: Buffer, header = aHeader(plain)): Sealed {
  const sealer = new ResultSealer(resultKey.publicKey, resultContext);
  const opener = new ResultOpener(resultKey.privateKey, sealer.keyEnvelope, resultContext);
  return { opener, header, sealed: sealer.sealPage(header, plain) };
}

describe('a sealed request', () => {
  const body = Buffer.from('{"command":{"text":"SELECT 1"}}');
  const sealed = sealRequest(agent.publicKey, requestContext, body);

  test('opens with the key and the context it was sealed for', () => {
    expect(openRequest(agent.privateKey, requestContext, sealed).equals(body)).toBe(true);
    const empty = sealRequest(agent.publicKey, requestContext, Buffer.alloc(0));
    expect(openRequest(agent.privateKey, requestContext, empty)).toHaveLength(0);
  });

  test('holds nothing readable and is never the same twice', () => {
    expect(sealed.includes('SELECT')).toBe(false);
    expect(sealed).toHaveLength(body.length + 48);
    expect(sealRequest(agent.publicKey, requestContext, body).equals(sealed)).toBe(false);
  });

  test('is refused with any one bit of any byte flipped, or any number of bytes gone', () => {
    for (let at = 0; at < sealed.length; at += 1) {
      const bit = 1 << (at % 7);
      refused(() => openRequest(agent.privateKey, requestContext, flipped(sealed, at, bit)));
      refused(() => openRequest(agent.privateKey, requestContext, sealed.subarray(0, at)));
    }
    const longer = Buffer.concat([sealed, Buffer.alloc(1)]);
    refused(() => openRequest(agent.privateKey, requestContext, longer));
  });

  test.each(Object.keys(requestContext))('is refused when it says another %s', (field) => {
    const other = { ...requestContext, [field]: 'another' };
    refused(() => openRequest(agent.privateKey, other, sealed));
  });

  test('is refused with another agent’s key', () => {
    refused(() => openRequest(resultKey.privateKey, requestContext, sealed));
  });

  /** RFC 7748 §6: points of small order give the same secret to everybody. */
  test.each([
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000000',
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'ffff',
  ])('is never made for the key %s', (point) => {
    const key = Buffer.from(point, 'hex');
    refused(() => sealRequest(key.toString('base64url'), requestContext, body));
    const forged = Buffer.concat([key, sealed.subarray(32)]);
    refused(() => openRequest(agent.privateKey, requestContext, forged));
  });
});

describe('a sealed page', () => {
  test.each([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 7, 1024 * 1024])(
    'of %d bytes opens whole and in pieces',
    (length) => {
      const plain = randomBytes(length);
      const { opener, header, sealed } = sealedPage(plain);
      expect(opener.openPage(header, sealed).equals(plain)).toBe(true);
      expect(Buffer.concat([...opener.openPageChunks(header, sealed)]).equals(plain)).toBe(true);
    },
  );

  test('is refused with any byte flipped, and in pieces no changed piece comes out', () => {
    const plain = randomBytes(2 * CHUNK + 100);
    const { opener, header, sealed } = sealedPage(plain);
    const step = 97;
    for (let at = 0; at < sealed.length; at += at < 200 ? 1 : step) {
      const changed = flipped(sealed, at, 1 << (at % 8));
      refused(() => opener.openPage(header, changed));
      const pieces: Buffer[] = [];
      refused(() => {
        for (const piece of opener.openPageChunks(header, changed)) pieces.push(piece);
      });
      expect(Buffer.concat(pieces).equals(plain.subarray(0, Buffer.concat(pieces).length))).toBe(
        true,
      );
    }
  });

  test('that was cut short anywhere is refused, and in pieces before the first', () => {
    const { opener, header, sealed } = sealedPage(randomBytes(3 * CHUNK));
    const borders = [0, 1, 2].map((chunk) => HEADER + chunk * (CHUNK + 16));
    for (const end of [0, 23, 55, ...borders, 100, 5000, 20_000, sealed.length - 1]) {
      const cut = sealed.subarray(0, end);
      refused(() => opener.openPage(header, cut));
      refused(() => opener.openPageChunks(header, cut)[Symbol.iterator]().next());
    }
  });

  test('is refused with two chunks exchanged, one repeated, or one left out', () => {
    const { opener, header, sealed } = sealedPage(randomBytes(3 * CHUNK + 1));
    const chunk = (number: number): Buffer => {
      const start = HEADER + number * (CHUNK + 16);
      return sealed.subarray(start, start + CHUNK + 16);
    };
    const start = sealed.subarray(0, HEADER);
    for (const order of [
      [1, 0, 2, 3],
      [0, 2, 1, 3],
      [0, 0, 2, 3],
      [0, 1, 3],
      [0, 2, 3],
      [0, 1, 2, 2, 3],
    ])
      refused(() => opener.openPage(header, Buffer.concat([start, ...order.map(chunk)])));
  });

  test.each([
    ['another number', { page: 2 }],
    ['other rows', { rowsStart: 1 }],
    ['a row more', { rowsEnd: 10 }],
    ['another size', { plainBytes: 3 }],
    ['another encoding', { encoding: 'br' as const }],
  ])('does not open under a header that says %s', (_what, said) => {
    const { opener, header, sealed } = sealedPage(Buffer.from('[]'));
    refused(() => opener.openPage({ ...header, ...said }, sealed));
  });

  test('does not open as one of an older agent, whose rows are not bound', () => {
    const { opener, header, sealed } = sealedPage(Buffer.from('[]'));
    const { encoding: _, ...older } = header;
    refused(() => opener.openPage(older, sealed));
  });

  test('of an older agent opens under its number alone', () => {
    const header = { page: 1, rowsStart: 0, rowsEnd: 9, plainBytes: 2 };
    const { opener, sealed } = sealedPage(Buffer.from('[]'), header);
    expect(opener.openPage({ ...header, rowsEnd: 3 }, sealed).toString()).toBe('[]');
    for (const page of [0, 2, 10, 11]) refused(() => opener.openPage({ ...header, page }, sealed));
    refused(() => opener.openPage({ ...header, encoding: 'identity' }, sealed));
  });

  test('of one result does not open within another of the same caller', () => {
    const first = sealedPage(Buffer.from('[{"a":1}]'));
    const second = sealedPage(Buffer.from('[{"a":2}]'));
    refused(() => second.opener.openPage(first.header, first.sealed));
  });
});

describe('a key envelope', () => {
  const sealer = new ResultSealer(resultKey.publicKey, resultContext);

  test.each(Object.keys(resultContext))('does not open for another %s', (field) => {
    const other = { ...resultContext, [field]: 'another' };
    refused(() => new ResultOpener(resultKey.privateKey, sealer.keyEnvelope, other));
  });

  test('does not open with the key of another query or of another API key', () => {
    const others = [
      deriveResultKey(secret, 'query-2'),
      deriveResultKey(randomBytes(32), 'query-1'),
    ];
    for (const { privateKey } of others)
      refused(() => new ResultOpener(privateKey, sealer.keyEnvelope, resultContext));
  });

  test('is refused with any byte flipped, or none at all', () => {
    const envelope = Buffer.from(sealer.keyEnvelope, 'base64url');
    for (let at = 0; at < envelope.length; at += 1) {
      const changed = flipped(envelope, at).toString('base64url');
      refused(() => new ResultOpener(resultKey.privateKey, changed, resultContext));
    }
    refused(() => new ResultOpener(resultKey.privateKey, '', resultContext));
  });

  test('is not made for a result key that is none', () => {
    refused(() => new ResultSealer('', resultContext));
    refused(() => new ResultSealer('AAAA', resultContext));
  });
});

test('the same API key and id give the same result key, and any other gives another', () => {
  expect(deriveResultKey(secret, 'query-1').publicKey).toBe(resultKey.publicKey);
  expect(deriveResultKey(secret, 'query-2').publicKey).not.toBe(resultKey.publicKey);
  expect(deriveResultKey(randomBytes(32), 'query-1').publicKey).not.toBe(resultKey.publicKey);
});

test('a result key of today opens what was sealed to it in an earlier version', () => {
  const fixed = Buffer.alloc(32, 7);
  expect(deriveResultKey(fixed, 'query-1').publicKey).toBe(
    'ceCeRIWKJCuxdDz43fqivPMrGaZKZp6rzwZlJ0LrKCU',
  );
});

test('fields that run into each other give different contexts', () => {
  const contexts = [
    sealContext('purpose', 'ab', 'c'),
    sealContext('purpose', 'a', 'bc'),
    sealContext('purpose', 'abc', ''),
    sealContext('purpose', 'abc'),
    sealContext('purpose2', 'ab', 'c'),
  ].map((context) => context.toString('hex'));
  expect(new Set(contexts).size).toBe(contexts.length);
});

test('a private key of the wrong length is refused where it is made', () => {
  expect(() => x25519FromScalar(Buffer.alloc(31))).toThrow();
});
