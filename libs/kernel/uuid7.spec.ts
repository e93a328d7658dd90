import { expect, test } from '@jest/globals';
import { uuid7, uuidMadeAtMs } from '#libs/kernel/uuid7.js';

test('a UUID of version 7 begins with its time, and two of one moment differ', () => {
  const [one, other] = [uuid7(1_700_000_000_000), uuid7(1_700_000_000_000)];
  expect(one).toMatch(/^018bcfe5-6800-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  expect(one).not.toBe(other);
  expect(uuid7(1_700_000_000_001) > one).toBe(true);
  expect(uuidMadeAtMs(one)).toBe(1_700_000_000_000);
  expect(uuidMadeAtMs('0b6f2b1e-6f3c-4b7e-9d0a-3f1c2d4e5f60')).toBeUndefined();
});
