import { describe, expect, test } from '@jest/globals';
import { isAbn } from '#libs/contracts/is-abn.js';

describe('an ABN', () => {
  // The register's own example.
  test('is eleven digits that check each other', () => expect(isAbn('51824753556')).toBe(true));

  test.each([
    ['a digit is another', '51824753557'],
    ['two digits have changed places', '51824735556'],
    ['it has blanks', '51 824 753 556'],
    ['it is too short', '5182475355'],
    ['it is too long', '518247535560'],
    ['it begins with nought', '01824753556'],
    ['it is a number', 51824753556],
    ['it is empty', ''],
  ])('is none when %s', (_why, value) => expect(isAbn(value)).toBe(false));
});
