/** What the setting of a Redis says: one server or a cluster, by TLS or not, as which user. */
import { readFileSync } from 'node:fs';

export interface RedisAddress {
  isCluster: boolean;
  /** One for a single server; of a cluster as many as are known, the others are found out. */
  nodes: { host: string; port: number }[];
  /** What the connection to each node needs besides. */
  options: {
    path?: string;
    db?: number;
    username?: string;
    password?: string;
    tls?: { ca?: string };
  };
}

const SHAPE =
  /^(redis|rediss)(-cluster)?:\/\/(?:([^@/?]*)@)?([^@/?]+)(?:\/(\d{1,3})?)?(?:\?ca=([^&]+))?$/;
const NODE = /^(\[[0-9A-Fa-f:]+\]|[0-9A-Za-z.-]+)(?::(\d{1,5}))?$/;
const DEFAULT_PORT = 6379;

/**
 * @param url `unix:///path`, `redis[s]://[user:password@]host[:port][/number]` or
 * `redis[s]-cluster://[user:password@]host:port,host:port`; with TLS `?ca=/path/to/authority.pem`.
 * User and password are percent-encoded.
 * @returns undefined for anything else, and where the authority cannot be read
 */
export function redisAddress(url: string): RedisAddress | undefined {
  if (url.startsWith('unix:///')) {
    return { isCluster: false, nodes: [], options: { path: url.slice('unix://'.length) } };
  }
  const [, scheme, cluster, user = '', hosts = '', db, caFile] = SHAPE.exec(url) ?? [];
  const nodes = hosts.split(',').map(nodeOf);
  const isCluster = cluster !== undefined;
  if (nodes.some((node) => !node) || (!isCluster && nodes.length > 1)) return undefined;
  // A cluster has one database; an authority without TLS would be a mistake that nobody sees.
  if ((isCluster && db !== undefined) || (caFile !== undefined && scheme !== 'rediss')) {
    return undefined;
  }
  try {
    const tls = scheme === 'rediss' ? { tls: authority(caFile) } : {};
    const numbered = db === undefined ? {} : { db: Number(db) };
    const options = { ...credentials(user), ...tls, ...numbered };
    return { isCluster, nodes: nodes as RedisAddress['nodes'], options };
  } catch {
    return undefined;
  }
}

function nodeOf(text: string): { host: string; port: number } | undefined {
  const [, host, port] = NODE.exec(text) ?? [];
  if (host === undefined) return undefined;
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port ?? DEFAULT_PORT) };
}

function credentials(text: string): { username?: string; password?: string } {
  if (text === '') return {};
  const colon = text.indexOf(':');
  const [user, password] = colon < 0 ? ['', text] : [text.slice(0, colon), text.slice(colon + 1)];
  const named = user === '' ? {} : { username: decodeURIComponent(user) };
  return { ...named, password: decodeURIComponent(password) };
}

function authority(file: string | undefined): { ca?: string } {
  return file === undefined ? {} : { ca: readFileSync(decodeURIComponent(file), 'utf8') };
}
