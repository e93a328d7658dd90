import { createPublicKey } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { isoCBOR } from '@simplewebauthn/server/helpers';
import { ConsoleOrigin } from '#apps/broker/src/access/console-origin.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { newChallenge } from '#apps/broker/src/people/ceremonies.js';
import { cosePublicKey } from '#apps/broker/src/people/cose-key.js';
import { PasskeyRules } from '#apps/broker/src/people/passkey-rules.js';
import {
  SoftAuthenticator,
  type Misbehaviour,
  type SoftAlgorithm,
} from '#apps/broker/src/people/soft-authenticator.fixture.js';

const page = 'https://console.example.org';
const config = Object.assign(new BrokerConfig(), { consoleOrigin: page });
const rules = new PasskeyRules(new ConsoleOrigin(config));

async function made(algorithm: SoftAlgorithm, wrong: Misbehaviour = {}) {
  const authenticator = new SoftAuthenticator(page, algorithm);
  const challenge = newChallenge();
  const options = await rules.creationOptions(challenge, 'person-1', 'Zz Alex', []);
  const passkey = rules.verifyNew(authenticator.create(options, wrong), challenge);
  return { authenticator, options, passkey };
}

describe.each<[SoftAlgorithm, number, string]>([
  ['ES256', -7, 'ec'],
  ['EdDSA', -8, 'ed25519'],
  ['RS256', -257, 'rsa'],
])('a passkey of %s', (algorithm, cose, type) => {
  test('is made, kept in the form that agents verify with, and used', async () => {
    const { authenticator, passkey } = await made(algorithm);
    const kept = await passkey;
    expect(kept).toMatchObject({ algorithm: cose, rpId: 'console.example.org', origin: page });
    const key = createPublicKey({ key: kept.spki, format: 'der', type: 'spki' });
    expect(key.asymmetricKeyType).toBe(type);
    const challenge = newChallenge();
    const use = authenticator.get(await rules.requestOptions(challenge));
    const row = { passkey_id: kept.passkeyId, public_key: kept.publicKey, counter: '0' };
    expect(await rules.verifyUse(use, challenge, row)).toBe(0);
    await expect(rules.verifyUse(use, newChallenge(), row)).rejects.toMatchObject({
      code: 'PASSKEY_REFUSED',
    });
  });
});

test('what is asked of an authenticator: the person verified, found by itself, no attestation', async () => {
  const { options } = await made('ES256');
  expect(options).toMatchObject({
    rp: { id: 'console.example.org' },
    attestation: 'none',
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    pubKeyCredParams: [-7, -8, -257].map((alg) => ({ alg, type: 'public-key' })),
  });
});

test.each<[string, Misbehaviour]>([
  ['on another page', { origin: 'https://evil.example' }],
  ['for another host', { rpId: 'evil.example' }],
  ['over another challenge', { challenge: 'AAAA' }],
  ['in a frame of another page', { crossOrigin: true }],
  ['without the person being verified', { unverified: true }],
])('a passkey made %s is refused, in words of ours', async (_, wrong) => {
  const { passkey } = await made('ES256', wrong);
  await expect(passkey).rejects.toMatchObject({
    code: 'PASSKEY_REFUSED',
    message: 'The passkey was not accepted.',
  });
});

describe('a public key', () => {
  const encoded = (...entries: [number, unknown][]): Uint8Array =>
    isoCBOR.encode(new Map(entries) as never);
  const bytes = (length: number) => new Uint8Array(length).fill(7);

  test.each<[string, Uint8Array]>([
    ['of another curve', encoded([1, 2], [3, -7], [-1, 2], [-2, bytes(48)], [-3, bytes(48)])],
    ['that is no point', encoded([1, 2], [3, -7], [-1, 1], [-2, bytes(32)], [-3, bytes(32)])],
    ['of Ed448', encoded([1, 1], [3, -8], [-1, 7], [-2, bytes(57)])],
    ['of 1024 bits', encoded([1, 3], [3, -257], [-1, bytes(128)], [-2, bytes(3)])],
    ['of another algorithm', encoded([1, 2], [3, -35], [-1, 2], [-2, bytes(48)])],
    ['without its parts', encoded([1, 2], [3, -7], [-1, 1])],
  ])('%s is refused', (_, key) => {
    expect(() => cosePublicKey(key)).toThrow();
  });
});
