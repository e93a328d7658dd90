import { expect, test } from '@jest/globals';
import { markUuid8, uuid8Of, uuidText } from '#libs/kernel/uuid8.js';

test.each([
  [0x00, '00000000-0000-8000-8000-000000000000'],
  [0xff, 'ffffffff-ffff-8fff-bfff-ffffffffffff'],
])('sixteen bytes of %i keep all but version and variant', (byte, expected) => {
  const bytes = Buffer.alloc(16, byte);
  markUuid8(bytes);
  expect(uuidText(bytes)).toBe(expected);
});

// Ids that are stored: those made by a later version must be the same.
test('the same words make the same UUID, in every version of this', () => {
  expect(uuid8Of('conduit')).toBe('41a01f99-45b8-8394-953d-4d44a1522eb9');
  expect(uuid8Of('conduit ')).not.toBe(uuid8Of('conduit'));
});
