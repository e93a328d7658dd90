import { expect, test } from '@jest/globals';
import { newSalt } from '#libs/audit/record-salt.js';

test('every salt is 128 bits, and none comes twice over several pages', () => {
  const salts = Array.from({ length: 1_000 }, newSalt);
  expect(new Set(salts).size).toBe(1_000);
  expect(salts.filter((salt) => Buffer.from(salt, 'base64url').length !== 16)).toEqual([]);
});
