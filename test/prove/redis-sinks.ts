/** Redis: what it was told, what it holds, what it would write to disk, and its memory. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { stealValues } from '#test/e2e/canary-theft-waiting.fixture.js';
import { searchMemory } from '#test/prove/process-memory.js';
import { counted, type Sink } from '#test/prove/sink.js';
import { unpacked } from '#test/prove/waiting-canaries.js';
import { searchBytes } from '#test/support/leak-search.js';
import type { RedisTap } from '#test/support/redis-tap.js';

const planted = 'conduit:planted';

export function redisCommands(redis: RedisTap): Sink {
  return {
    name: 'redis-commands',
    words: 'every command that was sent to Redis since before the first word (MONITOR)',
    search: async (markers) => {
      const { commands } = redis;
      const leaks = searchBytes('Redis, a command', commands, markers);
      return { leaks, bytesRead: commands.length, what: 'one stream' };
    },
    plant: async (marker) => {
      await redis.client.publish(planted, Buffer.from(marker).toString('base64'));
    },
  };
}

export function redisKeys(redis: RedisTap): Sink {
  return {
    name: 'redis-keys',
    words: 'every key of Redis with its value; stored pages unpacked as well',
    search: async (markers) => {
      const contents = await redis.contents();
      const pages = unpacked((await stealValues(redis.client, 'conduit:result:*')).values());
      const leaks = [
        ...searchBytes('Redis, a key or value', contents, markers),
        ...searchBytes('Redis, an unpacked page', pages, markers),
      ];
      const keys = await redis.client.dbsize();
      return { leaks, bytesRead: contents.length + pages.length, what: counted(keys, 'key') };
    },
    plant: async (marker) => {
      await redis.client.set(`${planted}:key`, Buffer.from(marker, 'utf16le'));
    },
  };
}

/** The server writes into its own folder, which it lets nobody change while it runs. */
export function redisFile(redis: RedisTap): Sink {
  const setting = async (name: string): Promise<string> => {
    const [, value = ''] = (await redis.client.config('GET', name)) as string[];
    return value;
  };
  return {
    name: 'redis-file',
    words: 'the file that Redis writes when it is told to save (RDB, uncompressed)',
    search: async (markers) => {
      const path = join(await setting('dir'), await setting('dbfilename'));
      await redis.client.save();
      const bytes = readFileSync(path);
      rmSync(path);
      const leaks = searchBytes('Redis, its saved file', bytes, markers);
      return { leaks, bytesRead: bytes.length, what: 'one file' };
    },
    plant: async (marker) => {
      await redis.client.hset(`${planted}:file`, Buffer.from(marker).toString('hex'), '1');
    },
  };
}

export function redisMemory(redis: RedisTap, pid: number): Sink {
  return {
    name: 'redis-memory',
    words: "the memory of Redis's process",
    search: async (markers) => {
      const { leaks, bytesRead } = searchMemory("Redis's memory", pid, markers);
      return { leaks, bytesRead, what: 'one process' };
    },
    plant: async (marker) => {
      await redis.client.set(`${planted}:memory`, marker);
    },
  };
}
