/**
 * The hosts that the software may contact, where they stand, who runs them and what for: declared in
 * one file (docs/residency.md has the format), read at start-up, shown by `broker residency`. What is
 * not declared is not contacted. In development this machine itself counts as declared.
 */
import { isIP } from 'node:net';

export const hostPurposes = {
  database: 'keeps the registry, permissions and the audit log; no payload',
  queue: 'Redis: holds sealed requests and results until they are fetched, in memory',
  mail: 'takes invitations and alarms to staff; no patient data',
  'sign-in': 'says who a member of staff is',
  node: 'another node of this broker: passes on what is asked of its agents and keeps nothing',
  alerts: 'takes alarms of the staff who run this installation; no patient data',
} as const;
export type HostPurpose = keyof typeof hostPurposes;

export interface DeclaredHost {
  /** A host name, an address, or `unix` for a socket of this machine; lower case. */
  host: string;
  /** ISO 3166-1, two capitals. */
  country: string;
  /** As the one who runs it calls the place, e.g. `ap-southeast-2, Sydney`. */
  region: string;
  /** The company that runs it: ours, or a subprocessor. */
  operator: string;
  purposes: HostPurpose[];
}

/** Programs on this machine are reached through it: a socket in the file system. */
export const UNIX_SOCKET = 'unix';

const COUNTRY = /^[A-Z]{2}$/;
const HOST =
  /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/;
const WORDS_MAX = 200;
const HOSTS_MAX = 500;

/** Sends nothing anywhere: addresses and names that are this machine, RFC 6761 §6.3. */
export function isThisMachine(host: string): boolean {
  if (host === UNIX_SOCKET || host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

export class ResidencyManifest {
  constructor(
    readonly hosts: readonly DeclaredHost[],
    /** Where anything may stand; empty: wherever a host is declared to. */
    readonly countries: readonly string[],
    private readonly trustsThisMachine: boolean,
  ) {}

  /** What holds where no file is named: nothing, and in development this machine. */
  static none(isDevelopment: boolean): ResidencyManifest {
    return new ResidencyManifest([], [], isDevelopment);
  }

  /**
   * @param text of the file
   * @returns what is wrong with it instead, one line each, without any of its values
   */
  static read(text: string, isDevelopment: boolean): ResidencyManifest | string[] {
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      return ['it is not JSON'];
    }
    const problems: string[] = [];
    const { hosts, countries } = readFile(parsed, problems);
    return problems.length > 0 ? problems : new ResidencyManifest(hosts, countries, isDevelopment);
  }

  /** @param host as a URL has it: a name in any case, an address with or without brackets */
  permits(host: string, purpose: HostPurpose): boolean {
    const plain = plainHost(host);
    if (this.trustsThisMachine && isThisMachine(plain)) return true;
    return this.hosts.some((known) => known.host === plain && known.purposes.includes(purpose));
  }
}

/** `DB.example.com.` and `[::1]` as they are declared. */
export const plainHost = (host: string): string =>
  host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function unknownKeys(value: object, known: string[], at: string, problems: string[]): void {
  if (Object.keys(value).some((key) => !known.includes(key)))
    problems.push(`${at} holds a field that is not known`);
}

function readFile(parsed: unknown, problems: string[]) {
  const nothing = { hosts: [], countries: [] };
  if (!isObject(parsed) || !Array.isArray(parsed['hosts'])) {
    problems.push('it needs a list of hosts');
    return nothing;
  }
  unknownKeys(parsed, ['hosts', 'countries'], 'it', problems);
  const { hosts, countries = [] } = parsed as { hosts: unknown[]; countries?: unknown };
  if (hosts.length > HOSTS_MAX) problems.push(`hosts: more than ${HOSTS_MAX}`);
  const isList = Array.isArray(countries) && countries.every((one) => COUNTRY.test(String(one)));
  if (!isList) problems.push('countries: each must be two capital letters');
  const permitted = isList ? (countries as string[]) : [];
  const read = hosts.map((host, at) => readHost(host, `hosts[${at}]`, permitted, problems));
  const names = read.map(({ host }) => host);
  if (new Set(names).size < names.length) problems.push('hosts: one is declared twice');
  return { hosts: read, countries: permitted };
}

function readHost(
  value: unknown,
  at: string,
  countries: readonly string[],
  problems: string[],
): DeclaredHost {
  const given: Record<string, unknown> = isObject(value) ? value : {};
  unknownKeys(given, ['host', 'country', 'region', 'operator', 'purposes'], at, problems);
  const text = (key: string): string => {
    const found = given[key];
    const isText = typeof found === 'string' && found.trim() !== '' && found.length <= WORDS_MAX;
    if (!isText) problems.push(`${at}.${key}: must be words, at most ${WORDS_MAX} characters`);
    return isText ? found : '';
  };
  const host = plainHost(text('host'));
  const isHost = HOST.test(host) || isIP(host) > 0;
  if (host !== '' && !isHost)
    problems.push(`${at}.host: must be one name or address, without a port`);
  const country = text('country');
  if (country !== '' && !COUNTRY.test(country))
    problems.push(`${at}.country: must be two capital letters`);
  else if (countries.length > 0 && !countries.includes(country))
    problems.push(`${at}.country: is not one of the countries of this installation`);
  return {
    ...{ host, country, region: text('region'), operator: text('operator') },
    purposes: readPurposes(given['purposes'], at, problems),
  };
}

function readPurposes(value: unknown, at: string, problems: string[]): HostPurpose[] {
  const isRight =
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((one) => Object.hasOwn(hostPurposes, String(one)));
  if (!isRight)
    problems.push(`${at}.purposes: each must be one of ${Object.keys(hostPurposes).join(', ')}`);
  return isRight ? (value as HostPurpose[]) : [];
}
