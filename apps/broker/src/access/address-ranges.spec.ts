import { expect, test } from '@jest/globals';
import {
  isInRanges,
  isRange,
  readRanges,
  networkOf,
} from '#apps/broker/src/access/address-ranges.js';

test.each([
  ['192.0.2.7', true],
  ['192.0.3.7', false],
  ['::ffff:192.0.2.7', true],
  ['2001:db8::1', true],
  ['2001:db9::1', false],
  ['203.0.113.5', true],
  ['203.0.113.6', false],
])('%s in the ranges: %s', (address, expected) => {
  const ranges = readRanges(['192.0.2.0/24', '2001:db8::/32', '203.0.113.5']);
  expect(isInRanges(ranges, address)).toBe(expected);
});

test.each(['', '1.2.3', '1.2.3.4/33', '::1/129', '1.2.3.4/8/8', 'host', '1.2.3.4/x'])(
  '"%s" is no range',
  (text) => {
    expect(isRange(text)).toBe(false);
  },
);

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2::1', '2001:db8:1:2::/64'],
  ['2001:0db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['2001:db8::', '2001:db8:0:0::/64'],
  ['64:ff9b::192.0.2.7', '64:ff9b:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
])('a stranger at %s is counted as %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
