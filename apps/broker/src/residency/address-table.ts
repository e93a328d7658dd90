/**
 * Which country an address stands in, by a table that the operator brings: lines of `CIDR,country`,
 * `#` begins a comment. Of several lines that hold an address the narrowest counts. Nobody is asked
 * over the network. An IPv4 address mapped into IPv6 counts as IPv4.
 */
import { isIP } from 'node:net';

type Family = 4 | 6;

const BITS: Record<Family, number> = { 4: 32, 6: 128 };
const LINE = /^([0-9A-Fa-f.:]+)\/(\d{1,3}),([A-Z]{2})$/;
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** By the length of the prefix, longest first; then by the prefix. */
type Prefixes = Map<number, Map<bigint, string>>;

export class AddressTable {
  constructor(private readonly prefixes: Record<Family, Prefixes>) {}

  /**
   * @param text one `CIDR,country` a line
   * @returns the numbers of the lines that cannot be read instead
   */
  static read(text: string): AddressTable | number[] {
    const prefixes: Record<Family, Prefixes> = { 4: new Map(), 6: new Map() };
    const wrong: number[] = [];
    text.split('\n').forEach((line, at) => {
      const plain = line.replace(/#.*$/, '').trim();
      if (plain !== '' && !take(plain, prefixes)) wrong.push(at + 1);
    });
    if (wrong.length > 0) return wrong;
    const longestFirst = (found: Prefixes): Prefixes =>
      new Map([...found].sort(([one], [other]) => other - one));
    return new AddressTable({ 4: longestFirst(prefixes[4]), 6: longestFirst(prefixes[6]) });
  }

  /** @returns two capitals, or undefined for an address that the table does not know */
  countryOf(address: string): string | undefined {
    const plain = MAPPED.exec(address)?.[1] ?? address;
    const family = isIP(plain);
    if (family !== 4 && family !== 6) return undefined;
    const number = numberOf(plain, family);
    for (const [length, known] of this.prefixes[family]) {
      const country = known.get(number >> BigInt(BITS[family] - length));
      if (country !== undefined) return country;
    }
    return undefined;
  }
}

function take(line: string, prefixes: Record<Family, Prefixes>): boolean {
  const [, address = '', digits = '', country = ''] = LINE.exec(line) ?? [];
  const family = isIP(address);
  if (family !== 4 && family !== 6) return false;
  const length = Number(digits);
  if (length > BITS[family]) return false;
  const known = prefixes[family].get(length) ?? new Map<bigint, string>();
  prefixes[family].set(length, known);
  known.set(numberOf(address, family) >> BigInt(BITS[family] - length), country);
  return true;
}

function numberOf(address: string, family: Family): bigint {
  if (family === 4) return fromGroups(address.split('.'), 8, 10);
  return fromGroups(groupsOf(address), 16, 16);
}

const fromGroups = (groups: string[], bits: number, radix: number): bigint =>
  groups.reduce((sum, group) => (sum << BigInt(bits)) | BigInt(parseInt(group, radix)), 0n);

/** All eight groups of an IPv6 address, however it was shortened. */
function groupsOf(address: string): string[] {
  const plain = address.replace(/%.*$/, '').replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (...found) => {
    const [a, b, c, d] = found.slice(1, 5).map(Number) as [number, number, number, number];
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
  const [head = '', tail] = plain.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  if (tail === undefined) return groups(head);
  const written = [groups(head), groups(tail)] as const;
  const missing = 8 - written[0].length - written[1].length;
  return [...written[0], ...Array.from({ length: missing }, () => '0'), ...written[1]];
}
