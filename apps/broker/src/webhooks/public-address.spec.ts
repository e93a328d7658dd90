import { describe, expect, test } from '@jest/globals';
import { readRanges } from '#apps/broker/src/access/address-ranges.js';
import { isCallableAddress, isPublicAddress } from '#apps/broker/src/webhooks/public-address.js';

describe('an address is called when it is public', () => {
  test.each(['1.1.1.1', '8.8.8.8', '100.63.255.255', '100.128.0.0', '172.15.0.1', '172.32.0.1'])(
    '%s',
    (address) => expect(isPublicAddress(address)).toBe(true),
  );
  test.each(['2606:4700:4700::1111', '2400:cb00::1', '2a00:1450:4001::5'])('%s', (address) =>
    expect(isPublicAddress(address)).toBe(true),
  );
});

describe('and never when it is', () => {
  test.each([
    ['this host', '0.0.0.0'],
    ['private', '10.1.2.3'],
    ['private', '172.16.0.1'],
    ['private', '172.31.255.255'],
    ['private', '192.168.1.1'],
    ['carrier-grade NAT', '100.64.0.1'],
    ['carrier-grade NAT, Alibaba metadata', '100.100.100.200'],
    ['loopback', '127.0.0.1'],
    ['loopback', '127.255.255.254'],
    ['link-local, cloud metadata', '169.254.169.254'],
    ['protocol assignments, Oracle metadata', '192.0.0.192'],
    ['documentation', '192.0.2.1'],
    ['documentation', '198.51.100.7'],
    ['documentation', '203.0.113.9'],
    ['benchmarking', '198.19.255.255'],
    ['6to4 relay', '192.88.99.1'],
    ['multicast', '224.0.0.1'],
    ['multicast', '239.255.255.250'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['Azure platform', '168.63.129.16'],
    ['unspecified', '::'],
    ['loopback', '::1'],
    ['mapped loopback', '::ffff:127.0.0.1'],
    ['mapped loopback in hex', '::ffff:7f00:1'],
    ['mapped public', '::ffff:8.8.8.8'],
    ['compatible', '::8.8.8.8'],
    ['translated', '::ffff:0:10.0.0.1'],
    ['NAT64', '64:ff9b::a00:1'],
    ['NAT64 of a public one', '64:ff9b::808:808'],
    ['local NAT64', '64:ff9b:1::1'],
    ['discard', '100::1'],
    ['Teredo', '2001:0:4136:e378:8000:63bf:3fff:fdd2'],
    ['ORCHID', '2001:20::1'],
    ['documentation', '2001:db8::1'],
    ['documentation', '3fff::1'],
    ['6to4', '2002:7f00:1::1'],
    ['segment routing', '5f00::1'],
    ['unique local', 'fc00::1'],
    ['unique local, AWS metadata', 'fd00:ec2::254'],
    ['link-local', 'fe80::1'],
    ['link-local with a zone', 'fe80::1%eth0'],
    ['public with a zone', '2606:4700::1%eth0'],
    ['site-local', 'fec0::1'],
    ['multicast', 'ff02::1'],
    ['no address', 'localhost'],
    ['no address', '127.1'],
    ['no address', ''],
  ])('%s: %s', (_, address) => expect(isPublicAddress(address)).toBe(false));
});

test('a development installation opens the ranges it names and no others', () => {
  const opened = readRanges(['127.0.0.0/8', '::1']);
  expect(isCallableAddress('127.0.0.1', opened)).toBe(true);
  expect(isCallableAddress('::1', opened)).toBe(true);
  expect(isCallableAddress('10.0.0.1', opened)).toBe(false);
  expect(isCallableAddress('169.254.169.254', opened)).toBe(false);
  expect(isCallableAddress('127.0.0.1', readRanges([]))).toBe(false);
});
