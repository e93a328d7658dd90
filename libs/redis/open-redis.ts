/**
 * The one place where connections to Redis are made: a single server or a cluster, by TLS, as an ACL
 * user, whatever the setting says. Promises: a Redis that is away keeps nobody from starting and ends
 * no process; it is reconnected to for ever; no error carries what was sent to its server's address.
 */
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { redisAddress } from '#libs/redis/redis-address.js';
import { writeByTurn } from '#libs/redis/write-by-turn.js';

export type RedisConnection = Redis | Cluster;

/** ioredis waits so long for the end of a socket, even of one that broke before. */
const GOODBYE_MS = 100;
const COMMAND_WAIT_MS = 5_000;

/**
 * `asks`: a command fails at once while Redis is away, and when it does not answer within 5 s;
 * `waits`: a command is sent when Redis is back, however long that takes, and may block for ever.
 */
export type RedisPatience = 'asks' | 'waits';

const ways = {
  asks: { maxRetriesPerRequest: 1, commandTimeout: COMMAND_WAIT_MS },
  waits: { maxRetriesPerRequest: null },
} satisfies Record<RedisPatience, RedisOptions>;

/**
 * A connection that is being made; `status` becomes `ready`.
 * @param url as `redisAddress` describes it
 * @throws ConduitError INTERNAL for any other text
 */
export function openRedis(url: string, patience: RedisPatience): RedisConnection {
  const connection = makeConnection(url, patience);
  // Reconnecting is ioredis's business; without a listener an error would end the process.
  connection.on('error', () => undefined);
  writeByTurn(connection);
  connection.connect().catch(() => undefined);
  return connection;
}

function makeConnection(url: string, patience: RedisPatience): RedisConnection {
  const address = redisAddress(url);
  if (!address) throw new ConduitError('INTERNAL');
  const options = { ...address.options, ...ways[patience], disconnectTimeout: GOODBYE_MS };
  const queueing = { lazyConnect: true, enableOfflineQueue: patience === 'waits' };
  if (!address.isCluster) return new Redis({ ...address.nodes[0], ...options, ...queueing });
  return new Cluster(address.nodes, { ...queueing, redisOptions: options });
}
