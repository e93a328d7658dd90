/** Reads the manifest and the address table, and holds the settings to what the manifest permits. */
import { readFileSync } from 'node:fs';
import type { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { AddressTable } from '#apps/broker/src/residency/address-table.js';
import { outgoingHosts } from '#apps/broker/src/residency/outgoing-hosts.js';
import { ResidencyManifest } from '#apps/broker/src/residency/residency-manifest.js';

export interface ResidencyProblem {
  setting: keyof BrokerConfig;
  /** Holds no value. */
  problem: string;
}

const LINES_NAMED = 5;

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * Fills `residency` and looks at every host that the settings name.
 * @param path absent or empty: nothing is declared
 */
export function readResidency(
  config: BrokerConfig,
  path: string | undefined,
  isDevelopment: boolean,
): ResidencyProblem[] {
  const text = path ? textOf(path) : undefined;
  const isMissing = path !== undefined && path !== '' && text === undefined;
  if (isMissing) return [{ setting: 'residency', problem: 'cannot be read' }];
  const read =
    text === undefined
      ? ResidencyManifest.none(isDevelopment)
      : ResidencyManifest.read(text, isDevelopment);
  // Wrong as a whole: what it permits cannot be said, and each host would be told besides.
  if (Array.isArray(read)) return read.map((problem) => ({ setting: 'residency', problem }));
  config.residency = read;
  return outgoingHosts(config)
    .filter(({ host, purpose }) => host === undefined || !read.permits(host, purpose))
    .map(({ setting, purpose }) => ({
      setting,
      problem: `its host is not declared for ${purpose} in the file of CONDUIT_RESIDENCY_FILE`,
    }));
}

/** @returns what is wrong, without any of its values */
export function readAddressTable(config: BrokerConfig, path: string | undefined): string[] {
  if (path === undefined || path === '') return [];
  const text = textOf(path);
  if (text === undefined) return ['cannot be read'];
  const read = AddressTable.read(text);
  if (Array.isArray(read)) {
    const named = read.slice(0, LINES_NAMED).join(', ');
    return [`${read.length} lines are not CIDR,country; the first: ${named}`];
  }
  config.addressTable = read;
  return [];
}
