/** Opens what a broker process lives on; the counterpart closes it after the last request. */
import { join } from 'node:path';
import { MemoryBroadcast } from '#apps/broker/src/broadcast/broadcast.memory.js';
import { RedisBroadcast } from '#apps/broker/src/broadcast/broadcast.redis.js';
import type { BrokerConfig } from '#apps/broker/src/broker.config.js';
import type { EventLog } from '#apps/broker/src/logging/event-log.js';
import type { Resources } from '#apps/broker/src/resources.module.js';
import { openDatabase } from '#libs/db/open-database.js';
import { SystemClock } from '#libs/kernel/clock.js';

export interface OpenedResources {
  resources: Resources;
  close(): Promise<void>;
}

/** @throws ConduitError STORE_LOCKED when another broker uses the state folder */
export async function openResources(config: BrokerConfig, log: EventLog): Promise<OpenedResources> {
  const { databaseUrl, redisUrl, stateDir } = config;
  const place = databaseUrl
    ? { url: databaseUrl.reveal() }
    : { directory: join(stateDir, 'database') };
  const database = await openDatabase(place);
  const broadcast = redisUrl ? new RedisBroadcast(redisUrl.reveal()) : new MemoryBroadcast();
  const close = async () => {
    await broadcast.close();
    await database.close();
    log.flush();
  };
  const clock = new SystemClock();
  return { resources: { config, kysely: database.kysely, clock, broadcast, log }, close };
}
