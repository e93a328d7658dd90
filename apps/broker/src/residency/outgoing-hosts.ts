/**
 * Every host that the settings of a broker name, by its setting. One table: a setting that makes the
 * broker call somebody new gets its line here. This node's own address is among them, since the other nodes
 * call it. What people set later (addresses of alarms), what integrators set (webhooks) and what Redis says
 * of the other nodes is looked at where it is stored and called.
 */
import type { BrokerConfig } from '#apps/broker/src/broker.config.js';
import {
  plainHost,
  UNIX_SOCKET,
  type HostPurpose,
} from '#apps/broker/src/residency/residency-manifest.js';
import { redisAddress } from '#libs/redis/redis-address.js';

export interface OutgoingHost {
  setting: keyof BrokerConfig;
  /** Undefined: the setting names none that could be read. */
  host: string | undefined;
  purpose: HostPurpose;
}

type Names = Pick<
  BrokerConfig,
  'databaseUrl' | 'redisUrl' | 'smtpUrl' | 'oidcIssuer' | 'nodeAddress'
>;

export function outgoingHosts(config: Names): OutgoingHost[] {
  const { databaseUrl, redisUrl, smtpUrl, oidcIssuer, nodeAddress } = config;
  const of = (
    setting: keyof Names,
    purpose: HostPurpose,
    hosts: (string | undefined)[],
  ): OutgoingHost[] => hosts.map((host) => ({ setting, host, purpose }));
  return [
    ...of('databaseUrl', 'database', databaseUrl ? databaseHosts(databaseUrl.reveal()) : []),
    ...of('redisUrl', 'queue', redisUrl ? redisHosts(redisUrl.reveal()) : []),
    ...of('smtpUrl', 'mail', smtpUrl ? [hostOf(smtpUrl.reveal())] : []),
    ...of('oidcIssuer', 'sign-in', oidcIssuer === undefined ? [] : [hostOf(oidcIssuer)]),
    ...of('nodeAddress', 'node', nodeAddress === undefined ? [] : [nodeHostOf(nodeAddress)]),
  ];
}

function hostOf(url: string): string | undefined {
  const host = URL.canParse(url) ? plainHost(new URL(url).hostname) : '';
  return host === '' ? undefined : host;
}

/** `host`, `host:port` or `[address]:port`. */
const nodeHostOf = (address: string): string => plainHost(address.replace(/:\d+$/, ''));

/** `?host=` is what node-postgres connects to, whatever stands before it; a path is a socket. */
function databaseHosts(url: string): (string | undefined)[] {
  // `postgresql:///name?host=/run/postgresql` has no host that a parser would take.
  const query = /\?(.*)$/s.exec(url)?.[1] ?? '';
  const named = new URLSearchParams(query).getAll('host');
  const hosts = named.length > 0 ? named : [hostOf(url)];
  return hosts.map((host) => (host?.startsWith('/') ? UNIX_SOCKET : host && plainHost(host)));
}

function redisHosts(url: string): (string | undefined)[] {
  const address = redisAddress(url);
  if (address?.options.path !== undefined) return [UNIX_SOCKET];
  return address ? address.nodes.map(({ host }) => plainHost(host)) : [undefined];
}
