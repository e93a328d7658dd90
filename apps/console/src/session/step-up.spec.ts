import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { actionChallenge, isSame } from './step-up.js';

describe('a step-up in the browser', () => {
  test('the challenge is the digest that the broker makes', async () => {
    const action = '{"type":"api-key.create","name":"Zz Clé 🔑"}';
    const digest = createHash('sha256').update('conduit-action-v1').update(action, 'utf8');
    expect(await actionChallenge(action)).toBe(digest.digest('base64url'));
  });

  test('the order of fields does not matter', () => {
    expect(isSame({ a: 1, b: { c: ['x'], d: null } }, { b: { d: null, c: ['x'] }, a: 1 })).toBe(
      true,
    );
  });

  test.each([
    ['another value', { a: 1 }, { a: 2 }],
    ['one field more', { a: 1 }, { a: 1, b: 2 }],
    ['one field less', { a: 1, b: 2 }, { a: 1 }],
    ['null for absent', { a: null }, { b: null }],
    ['another order in a list', ['x', 'y'], ['y', 'x']],
    ['a list for an object', { 0: 'x' }, ['x']],
    ['a number for its text', { a: 1 }, { a: '1' }],
    ['null for an object', { a: {} }, { a: null }],
  ])('%s is another action', (_what, one, other) => {
    expect(isSame(one, other)).toBe(false);
    expect(isSame(other, one)).toBe(false);
  });
});
