import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { canonicalJson, readCanonicalJson } from '#libs/grants/canonical-json.js';
import { aGrant } from '#libs/grants/grant.fixture.js';
import type { Grant } from '#libs/grants/grant.js';
import { grantBounds, isSignedGrant, parseGrant } from '#libs/grants/parse-grant.js';

const refusal = (change: object): string | undefined => {
  const reading = parseGrant(canonicalJson({ ...aGrant(), ...change }));
  return reading.ok ? undefined : (reading.field ?? reading.reason);
};

describe('canonical text', () => {
  test('is the one of RFC 8785', () => {
    expect(canonicalJson({ b: [1e21, 4.5, 2e-3], a: '€$\u000f\nA\'B"\\\\"/' })).toBe(
      '{"a":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/","b":[1e+21,4.5,0.002]}',
    );
  });

  test('reads back as the same value, whatever the value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        let text: string;
        try {
          text = canonicalJson(value);
        } catch {
          return; // A lone surrogate has no canonical form.
        }
        const reading = readCanonicalJson(text, 1_000_000);
        expect(reading.ok && canonicalJson(reading.value)).toBe(text);
      }),
    );
  });

  test.each([
    ['a repeated key', '{"a":1,"a":1}', 'not-canonical'],
    ['keys out of order', '{"b":1,"a":1}', 'not-canonical'],
    ['spaces', '{"a": 1}', 'not-canonical'],
    ['a number spelled otherwise', '{"a":1.0}', 'not-canonical'],
    ['an escape that is not needed', '{"a":"\\u0041"}', 'not-canonical'],
    ['a lone surrogate', '{"a":"\\ud800"}', 'not-canonical'],
    ['a byte order mark', '\ufeff{"a":1}', 'not-json'],
    ['half a document', '{"a":', 'not-json'],
    ['nesting deeper than the stack', '['.repeat(60_000) + ']'.repeat(60_000), 'not-canonical'],
    ['too much', `"${'x'.repeat(200_000)}"`, 'too-large'],
  ])('%s is refused', (_what, text, reason) => {
    expect(readCanonicalJson(text, grantBounds.documentCharacters)).toEqual({ ok: false, reason });
  });
});

describe('parseGrant', () => {
  test('reads a grant back as it was written', () => {
    const grant = aGrant({
      limits: { hours: { timeZone: 'Australia/Hobart', days: [1, 2], from: '08:00', to: '24:00' } },
    });
    expect(parseGrant(canonicalJson(grant))).toEqual({ ok: true, grant });
  });

  test('reads the terms of writes, and none that are empty, unknown or misspelt', () => {
    for (const writes of [{ journal: 'none' }, { callerKey: 'required' }] as const) {
      const grant = aGrant({ writes });
      expect(parseGrant(canonicalJson(grant))).toEqual({ ok: true, grant });
    }
    for (const writes of [{}, { journal: 'some' }, { callerKey: true }, { more: 1 }, 'none', null])
      expect(refusal({ writes })).toBe('writes');
    expect(parseGrant(canonicalJson(aGrant()))).not.toHaveProperty('grant.writes');
  });

  test('refuses a document with any one field left out', () => {
    for (const field of Object.keys(aGrant())) {
      expect([field, refusal({ [field]: undefined })]).toEqual([field, field]);
    }
  });

  test('refuses a document with any one field of another type', () => {
    const wrong = fc.constantFrom<unknown>(null, true, 0.5, 'x y', [], {}, [[]], -1);
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(aGrant())), wrong, (field, value) => {
        if (field === 'limits' && canonicalJson(value) === '{}') return;
        if (field === 'integratorKeyThumbprints' && canonicalJson(value) === '[]') return;
        expect(refusal({ [field]: value })).toBe(field);
      }),
    );
  });

  test.each<[string, object, string]>([
    ['a field it does not know', { note: 'x' }, 'field-invalid'],
    ['a limit it does not know', { limits: { columns: 1 } }, 'limits'],
    ['a purpose that cannot be granted', { purposes: ['HMARKT'] }, 'purposes'],
    ['a purpose named twice', { purposes: ['TREAT', 'TREAT'] }, 'purposes'],
    ['a scope it does not know', { scopes: ['sql:admin'] }, 'scopes'],
    ['a procedure of the server itself', { scopes: ['procedure:sp_executesql'] }, 'scopes'],
    ['a procedure in another database', { scopes: ['procedure:other.dbo.x'] }, 'scopes'],
    ['no catalogue', { catalogues: [] }, 'catalogues'],
    ['a catalogue with a line end', { catalogues: ['Patients\nIn: x'] }, 'catalogues'],
    ['revoked: false', { revoked: false }, 'revoked'],
    ['a time in another spelling', { notBefore: '2026-01-01T00:00:00Z' }, 'notBefore'],
    ['more than 400 days', { expires: '2027-02-05T00:00:00.001Z' }, 'expires'],
    ['an end before the start', { expires: '2025-12-31T00:00:00.000Z' }, 'expires'],
    ['an unknown time zone', { limits: hours({ timeZone: 'Mars/Olympus' }) }, 'limits'],
    ['hours of no length', { limits: hours({ from: '09:00', to: '09:00' }) }, 'limits'],
    ['a sealed mode with no key', { encryptionMode: 'sealed' }, 'integratorKeyThumbprints'],
  ])('refuses %s', (_what, change, field) => {
    expect(refusal(change)).toBe(field);
  });

  test('takes exactly 400 days', () => {
    expect(refusal({ expires: '2027-02-05T00:00:00.000Z' })).toBeUndefined();
  });

  test('never throws, whatever the text', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseGrant(text)));
  });
});

function hours(change: object): Grant['limits'] {
  const hoursOfDay = { timeZone: 'Australia/Sydney', days: [1], from: '09:00', to: '17:00' };
  return { hours: { ...hoursOfDay, ...change } };
}

describe('isSignedGrant', () => {
  const approval = { kind: 'ed25519', approverId: 'ap-1', signature: 'x'.repeat(86) };

  test('takes the exact form only', () => {
    expect(isSignedGrant({ document: '{}', approvals: [approval] })).toBe(true);
    expect(isSignedGrant({ document: '{}', approvals: [approval], more: 1 })).toBe(false);
    expect(isSignedGrant({ document: '{}', approvals: [{ ...approval, kind: 'none' }] })).toBe(
      false,
    );
    expect(isSignedGrant({ document: {}, approvals: [approval] })).toBe(false);
    expect(isSignedGrant(null)).toBe(false);
  });
});
