import { describe, expect, test } from '@jest/globals';
import { AddressTable } from '#apps/broker/src/residency/address-table.js';

function table(text: string): AddressTable {
  const read = AddressTable.read(text);
  if (Array.isArray(read)) throw new Error('the table is refused');
  return read;
}

describe('an address table', () => {
  const known = table(
    [
      '# who has what',
      '203.0.113.0/24,AU',
      '203.0.113.128/25,NZ   # a part of it',
      '',
      '198.51.100.7/32,US\r',
      '2001:db8::/32,AU',
      '2001:db8:1::/48,NZ',
      '2001:db8::ffff:192.0.2.1/128,US',
    ].join('\n'),
  );

  test.each([
    ['203.0.113.0', 'AU'],
    ['203.0.113.127', 'AU'],
    ['203.0.113.128', 'NZ'],
    ['203.0.113.255', 'NZ'],
    ['203.0.114.0', undefined],
    ['203.0.112.255', undefined],
    ['198.51.100.7', 'US'],
    ['198.51.100.8', undefined],
    ['::ffff:203.0.113.200', 'NZ'],
    ['2001:db8::1', 'AU'],
    ['2001:0DB8:0001:0::5', 'NZ'],
    ['2001:db8:2::', 'AU'],
    ['2001:db9::', undefined],
    ['2001:db8::ffff:c000:201', 'US'],
    ['not an address', undefined],
    ['', undefined],
  ])('knows %s to be in %s', (address, country) => {
    expect(known.countryOf(address)).toBe(country);
  });

  test('may say something of everybody, and of the whole of either family', () => {
    const all = table('0.0.0.0/0,AU\n::/0,NZ');
    expect([all.countryOf('9.9.9.9'), all.countryOf('2620::1')]).toEqual(['AU', 'NZ']);
  });

  test('that cannot be read says which lines', () => {
    const wrong = [
      '10.0.0.0/33,AU',
      '10.0.0.0,AU',
      '10.0.0.0/8,au',
      '10.0.0/8,AU',
      'x',
      '::/129,AU',
    ];
    expect(AddressTable.read(['10.0.0.0/8,AU', ...wrong].join('\n'))).toEqual([2, 3, 4, 5, 6, 7]);
  });
});
