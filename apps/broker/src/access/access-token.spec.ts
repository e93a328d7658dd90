import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import {
  bearerOf,
  makeAccessToken,
  proveAccessToken,
  tokenKeyFrom,
} from '#apps/broker/src/access/access-token.js';

const tokenKey = tokenKeyFrom(randomBytes(32));
const said = { clientId: 'abcDEF-12345', endsAtMs: 1_800_000_000_000 };

describe('an access token', () => {
  test('says again what was put into it', () => {
    const resultSecret = randomBytes(32);
    const text = makeAccessToken({ ...said, resultSecret }, 'test', tokenKey);
    expect(proveAccessToken(text, tokenKey)).toMatchObject({ ...said, resultSecret });
    const bare = proveAccessToken(makeAccessToken(said, 'test', tokenKey), tokenKey);
    expect(bare).toMatchObject(said);
    expect(bare).not.toHaveProperty('resultSecret');
  });

  test('is refused with any character changed, and under another key', () => {
    const text = makeAccessToken({ ...said, resultSecret: randomBytes(32) }, 'test', tokenKey);
    // The last character of 43 holds four bits only: the others each stand for six.
    for (let place = 0; place < text.length - 1; place++) {
      const other = text[place] === 'A' ? 'B' : 'A';
      const changed = text.slice(0, place) + other + text.slice(place + 1);
      expect(proveAccessToken(changed, tokenKey)).toBeUndefined();
    }
    expect(proveAccessToken(text, tokenKeyFrom(randomBytes(32)))).toBeUndefined();
  });

  test.each(['', 'ct_', 'x'.repeat(10_000), 'ck_test_abcDEF-12345'])(
    'is not what it is not (%#)',
    (text) => expect(proveAccessToken(text, tokenKey)).toBeUndefined(),
  );
});

test.each([
  ['Bearer abc', 'abc'],
  ['bearer abc', 'abc'],
  ['Basic abc', undefined],
  ['Bearer a b', undefined],
  ['Bearer', undefined],
  [undefined, undefined],
])('a bearer token is taken from %p', (header, token) => expect(bearerOf(header)).toBe(token));
