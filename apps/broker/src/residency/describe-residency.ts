/** The manifest in plain words, for whoever asks where this installation's data are. */
import type { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { outgoingHosts } from '#apps/broker/src/residency/outgoing-hosts.js';
import { hostPurposes, UNIX_SOCKET } from '#apps/broker/src/residency/residency-manifest.js';

const countries = new Intl.DisplayNames(['en-AU'], { type: 'region' });

/** `Australia` for `AU`; what is no country stays as it is. */
function countryName(code: string): string {
  try {
    return countries.of(code) ?? code;
  } catch {
    return code;
  }
}

const hostName = (host: string): string =>
  host === UNIX_SOCKET ? 'a socket of this machine' : host;

type Shown = Pick<
  BrokerConfig,
  | 'residency'
  | 'addressTable'
  | 'databaseUrl'
  | 'redisUrl'
  | 'smtpUrl'
  | 'oidcIssuer'
  | 'nodeAddress'
>;

/** @returns lines for a terminal; no password, no path, no value of a secret but its host */
export function describeResidency(config: Shown): string[] {
  const { residency } = config;
  const used = outgoingHosts(config);
  const lines = ['Hosts that this broker may contact:', ''];
  if (residency.hosts.length === 0) lines.push('  none but this machine itself', '');
  for (const { host, country, region, operator, purposes } of residency.hosts) {
    const uses = used.filter((one) => one.host === host).map(({ purpose }) => purpose);
    // Which nodes there are is said by Redis, not by a setting.
    if (config.redisUrl) uses.push('node');
    lines.push(
      `  ${hostName(host)}`,
      `      in ${countryName(country)} (${region}), run by ${operator}`,
      ...purposes.map(
        (purpose) =>
          `      ${purpose}: ${hostPurposes[purpose]}${uses.includes(purpose) ? '' : ' (permitted; not in use by these settings)'}`,
      ),
      '',
    );
  }
  const local = used.filter(({ host }) => !residency.hosts.some((known) => known.host === host));
  if (local.length > 0) {
    const purposes = local.map(({ purpose }) => purpose).join(', ');
    lines.push(`On this machine itself, as development permits: ${purposes}.`, '');
  }
  if (!config.databaseUrl) lines.push('The database is embedded: it is on this machine.', '');
  return [...lines, ...webhookLines(config)];
}

function webhookLines({ residency, addressTable }: Shown): string[] {
  const where =
    residency.countries.length === 0
      ? 'wherever a host is declared to be'
      : residency.countries.map(countryName).join(', ');
  return [
    `Everything of this installation has to be in: ${where}.`,
    addressTable
      ? 'Webhooks go to addresses in the countries that their integrator declares, by the address table of this installation.'
      : 'Webhooks go to the countries that their integrator declares, by its own word: there is no address table.',
    'Webhooks hold ids, a type and a time: no patient data.',
  ];
}
