/**
 * Commands of one turn of the event loop in one write. ioredis writes each by itself, and under load
 * those system calls were the largest single part of the broker's work. The order stays, nothing is
 * waited for but the end of the turn, and a connection that is closed sends what it still holds.
 */
import type { Cluster, Redis } from 'ioredis';

/** @param connection before it is connected; every connection that it makes later is meant too */
export function writeByTurn(connection: Redis | Cluster): void {
  if (connection.isCluster) (connection as Cluster).on('+node', gatherWrites);
  else gatherWrites(connection as Redis);
}

function gatherWrites(redis: Redis): void {
  redis.on('connect', () => {
    const { stream } = redis;
    const write = stream.write.bind(stream) as (...given: unknown[]) => boolean;
    let isHeld = false;
    const release = (): void => {
      isHeld = false;
      stream.uncork();
    };
    stream.write = (...given: unknown[]): boolean => {
      if (!isHeld) {
        isHeld = true;
        stream.cork();
        setImmediate(release);
      }
      return write(...given);
    };
  });
}
