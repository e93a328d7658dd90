/**
 * Which addresses a webhook may be sent to: public unicast ones. Sources: IANA IPv4 and IPv6
 * Special-Purpose Address Registries. IPv6 is permitted by what is public (2000::/3), so every form
 * that hides another address (mapped, NAT64, link-local, unique local) is out without being named.
 */
import { BlockList, isIP } from 'node:net';
import { readRanges } from '#apps/broker/src/access/address-ranges.js';

const specialV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
  // A public number at which Azure answers its own machines.
  '168.63.129.16/32',
];

const globalV6 = '2000::/3';
const specialV6 = [
  // Protocol assignments: Teredo, ORCHID, benchmarking and others.
  '2001::/23',
  '2001:db8::/32',
  // 6to4: an IPv4 address inside.
  '2002::/16',
  '2620:4f:8000::/48',
  '3fff::/20',
];

const forbiddenV4 = readRanges(specialV4);
const forbiddenV6 = readRanges(specialV6);
const permittedV6 = readRanges([globalV6]);

/** @param address as a resolver writes it; anything else is not public */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !forbiddenV4.check(address, 'ipv4');
  // A zone names an interface of this machine: no resolver of public names says one.
  if (family !== 6 || address.includes('%')) return false;
  return permittedV6.check(address, 'ipv6') && !forbiddenV6.check(address, 'ipv6');
}

/** Public, or in one of the ranges that a development installation has opened. */
export function isCallableAddress(address: string, opened: BlockList): boolean {
  const family = isIP(address);
  if (family === 0) return false;
  return isPublicAddress(address) || opened.check(address, family === 6 ? 'ipv6' : 'ipv4');
}
