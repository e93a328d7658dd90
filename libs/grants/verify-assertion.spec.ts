import { createHash, randomBytes } from 'node:crypto';

import { describe, expect, test } from '@jest/globals';
import { verifyAuthenticationResponse } from '@simplewebauthn/server';
import fc from 'fast-check';

import { isApprover, passkeyAlgorithms, type Approver } from '#libs/grants/approver.js';
import { aGrant, anApprover } from '#libs/grants/grant.fixture.js';
import type { PasskeySignature, SignedGrant } from '#libs/grants/grant.js';
import { isSignedGrant } from '#libs/grants/parse-grant.js';
import { aPasskey, type APasskey, type Bend } from '#libs/grants/passkey.fixture.js';
import { grantDigest, signGrant, verifyApprovals } from '#libs/grants/sign-grant.js';
import { plainWords, sixWords } from '#libs/grants/six-words.js';
import { assertionProblem } from '#libs/grants/verify-assertion.js';

const passkey = aPasskey();
const known = (...all: Approver[]) => new Map(all.map((one) => [one.approverId, one]));

const verdict = (signed: SignedGrant, ...approvers: Approver[]): string => {
  const found = verifyApprovals(signed, known(passkey.approver, ...approvers));
  return found.ok ? 'ok' : found.reason;
};

/** What @simplewebauthn/server says of the same assertion. */
async function published(
  { approver, coseKey }: APasskey,
  challenge: Buffer,
  assertion: PasskeySignature,
): Promise<boolean> {
  const { authenticatorData, clientDataJSON, signature } = assertion;
  const { verified } = await verifyAuthenticationResponse({
    response: {
      id: approver.credentialId,
      rawId: approver.credentialId,
      type: 'public-key',
      clientExtensionResults: {},
      response: { authenticatorData, clientDataJSON, signature },
    },
    expectedChallenge: challenge.toString('base64url'),
    expectedOrigin: approver.origin,
    expectedRPID: approver.rpId,
    credential: { id: approver.credentialId, publicKey: new Uint8Array(coseKey), counter: 0 },
  }).catch(() => ({ verified: false }));
  return verified;
}

describe('a passkey that approves', () => {
  test.each(passkeyAlgorithms)(
    'with algorithm %d is believed, here and by a published verifier',
    async (algorithm) => {
      const maker = aPasskey({ algorithm });
      const challenge = randomBytes(32);
      const assertion = maker.assert(challenge);
      expect(assertionProblem(challenge, assertion, maker.approver)).toBeUndefined();
      expect(await published(maker, challenge, assertion)).toBe(true);
    },
  );

  test('signs the same 32 bytes as the key of a server', () => {
    const grant = aGrant();
    const server = anApprover();
    const byPasskey = passkey.sign(grant);
    const byKey = signGrant(grant, server.approver.approverId, server.privateKey);
    expect(byPasskey.document).toBe(byKey.document);
    const both = { ...byKey, approvals: [...byKey.approvals, ...byPasskey.approvals] };
    expect(isSignedGrant(both)).toBe(true);
    expect(verdict(both, server.approver)).toBe('ok');
    expect(verdict(both)).toBe('approver-unknown');
  });

  test('may add to what the browser says, as the standard lets it, and may announce extensions', () => {
    const grant = aGrant();
    expect(verdict(passkey.sign(grant, { clientData: { other_keys: 'later' } }))).toBe('ok');
    expect(verdict(passkey.sign(grant, { flags: 0x85, tail: Buffer.from([0xa0]) }))).toBe('ok');
  });
});

describe('an assertion that is refused, with the word for it', () => {
  const other = grantDigest('{}').toString('base64url');
  const action = createHash('sha256').update('conduit-action-v1{}').digest('base64url');

  test.each<[string, Bend, string]>([
    ['of another ceremony', { type: 'webauthn.create' }, 'client-data-type'],
    ['over another grant', { challenge: other }, 'challenge-wrong'],
    ['over another action', { challenge: action }, 'challenge-wrong'],
    ['over nothing', { challenge: '' }, 'challenge-wrong'],
    ['of another origin', { origin: 'https://console.example.net' }, 'origin-wrong'],
    ['of another port', { origin: 'https://console.example.org:8443' }, 'origin-wrong'],
    ['of a page without TLS', { origin: 'http://console.example.org' }, 'origin-wrong'],
    ['from inside another page', { clientData: { crossOrigin: true } }, 'cross-origin'],
    ['below another page', { clientData: { topOrigin: 'https://x.example' } }, 'cross-origin'],
    ['for another RP', { rpId: 'example.org' }, 'rp-wrong'],
    ['without a person', { flags: 0x04 }, 'user-not-present'],
    ['without proof of who it was', { flags: 0x01 }, 'user-not-verified'],
    ['with a key in it', { flags: 0x45 }, 'authenticator-data-malformed'],
    ['with more than it announces', { tail: Buffer.alloc(1) }, 'authenticator-data-malformed'],
    ['with less than it announces', { flags: 0x85 }, 'authenticator-data-malformed'],
    ['backed up and not able to be', { flags: 0x15 }, 'authenticator-data-malformed'],
  ])('%s', (_what, bend, reason) => {
    expect(verdict(passkey.sign(aGrant(), bend))).toBe(reason);
  });

  test.each<[string, string]>([
    ['no JSON', 'nonsense'],
    ['null', 'null'],
    ['a list', '[]'],
    ['no UTF-8', '\u0000'],
  ])('with client data that is %s', (what, text) => {
    const signed = passkey.sign(aGrant());
    const bytes = what === 'no UTF-8' ? Buffer.from([0x22, 0xff, 0x22]) : Buffer.from(text);
    const approvals = signed.approvals.map((one) => ({
      ...one,
      clientDataJSON: bytes.toString('base64url'),
    })) as PasskeySignature[];
    expect(verdict({ ...signed, approvals })).toBe('client-data-malformed');
  });

  test('of another passkey under this name, and of this passkey under no name that is known', () => {
    const thief = aPasskey();
    const grant = aGrant();
    const signed = thief.sign(grant);
    expect(verdict(signed)).toBe('approver-unknown');
    const approvals = signed.approvals.map((one) => ({
      ...one,
      approverId: passkey.approver.approverId,
    }));
    expect(verdict({ ...signed, approvals })).toBe('signature-wrong');
  });

  test('twice by one approver, though each is right', () => {
    const grant = aGrant();
    const once = passkey.sign(grant);
    const again = passkey.sign(grant, { clientData: { second: true } });
    expect(verdict({ ...once, approvals: [...once.approvals, ...again.approvals] })).toBe(
      'approver-repeated',
    );
  });

  test('by a key that poses as a passkey, and by a passkey that poses as a key', () => {
    const server = anApprover();
    const byKey = signGrant(aGrant(), passkey.approver.approverId, server.privateKey);
    expect(verdict(byKey)).toBe('approver-kind');
    const byPasskey = passkey.sign(aGrant());
    const approvals = byPasskey.approvals.map((one) => ({
      ...one,
      approverId: server.approver.approverId,
    }));
    expect(verdict({ ...byPasskey, approvals }, server.approver)).toBe('approver-kind');
  });

  test('with any one bit changed anywhere', () => {
    for (const algorithm of [-7, -8] as const) {
      const maker = aPasskey({ algorithm });
      const challenge = randomBytes(32);
      const good = maker.assert(challenge);
      const field = fc.constantFrom('authenticatorData', 'clientDataJSON', 'signature' as const);
      fc.assert(
        fc.property(field, fc.nat(2_000), fc.nat(7), (name, at, bit) => {
          const bytes = Buffer.from(good[name], 'base64url');
          bytes[at % bytes.length]! ^= 1 << bit;
          const bent = { ...good, [name]: bytes.toString('base64url') };
          expect(assertionProblem(challenge, bent, maker.approver)).toBeDefined();
        }),
      );
    }
  });

  test('cut short, or with garbage for a signature', () => {
    const challenge = randomBytes(32);
    const good = passkey.assert(challenge);
    for (const bytes of [0, 1, 31, 32, 36]) {
      const authenticatorData = Buffer.alloc(bytes).toString('base64url');
      expect(assertionProblem(challenge, { ...good, authenticatorData }, passkey.approver)).toBe(
        'authenticator-data-malformed',
      );
    }
    const garbage = [randomBytes(64), Buffer.from('3006020100020100', 'hex'), Buffer.alloc(0)];
    // The right signature with a byte behind it: DER that says more than it should.
    garbage.push(Buffer.concat([Buffer.from(good.signature, 'base64url'), Buffer.alloc(1)]));
    for (const bytes of garbage) {
      const signature = bytes.toString('base64url');
      expect(assertionProblem(challenge, { ...good, signature }, passkey.approver)).toBe(
        'signature-wrong',
      );
    }
  });

  test('too large to be looked at', () => {
    const huge = passkey.sign(aGrant(), { clientData: { pad: 'x'.repeat(5_000) } });
    expect(isSignedGrant(huge)).toBe(false);
    expect(isSignedGrant(passkey.sign(aGrant()))).toBe(true);
  });
});

describe('a passkey as an approver', () => {
  test('is read back to the last field', () => {
    for (const algorithm of passkeyAlgorithms)
      expect(isApprover(JSON.parse(JSON.stringify(aPasskey({ algorithm }).approver)))).toBe(true);
    expect(isApprover(anApprover().approver)).toBe(true);
  });

  const { approver } = passkey;
  const elsewhere = aPasskey({ origin: 'https://console.example.net' }).approver;
  const plain = aPasskey({ origin: 'http://console.example.org' }).approver;
  const inPath = aPasskey({ origin: 'https://console.example.org/console' }).approver;
  const rsa = { ...aPasskey({ algorithm: -257 }).approver, algorithm: -7 };

  test.each<[string, object]>([
    ['another key under its id', { ...approver, publicKey: aPasskey().approver.publicKey }],
    ['another origin under its id', { ...approver, origin: 'https://x.example.org' }],
    ['an origin that its RP id does not cover', elsewhere],
    ['an origin without TLS', plain],
    ['an origin with a path', inPath],
    ["an algorithm that is not its key's", rsa],
    ['a field too many', { ...approver, trusted: true }],
    ['an unknown algorithm', { ...approver, algorithm: -35 }],
    ['a key that is none', { ...approver, publicKey: 'A'.repeat(60) }],
  ])('is none with %s', (_what, value) => {
    expect(isApprover(value)).toBe(false);
  });

  test('has six words that any other key, origin, RP or credential id does not have', () => {
    const words = sixWords(approver);
    expect(words).toMatch(/^([a-z]{3,8} ){5}[a-z]{3,8}$/);
    expect(sixWords({ ...approver })).toBe(words);
    for (const changes of [
      { origin: 'https://console.example.org:444' },
      { rpId: 'example.org' },
      { credentialId: 'AAAAAAAAAAA' },
      { publicKey: aPasskey().approver.publicKey },
    ])
      expect(sixWords({ ...approver, ...changes })).not.toBe(words);
    expect(plainWords(` ${words.toUpperCase().replaceAll(' ', ', ')}\n`)).toBe(words);
  });

  test('keeps its words from one version to the next', () => {
    const fixed = {
      algorithm: -8,
      credentialId: 'AAAAAAAAAAA',
      origin: 'https://console.example.org',
      publicKey: 'AAAA',
      rpId: 'console.example.org',
    } as const;
    expect(sixWords(fixed)).toBe('hole invite puppy icon fancy february');
  });
});
