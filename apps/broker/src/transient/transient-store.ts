/**
 * The broker's door to the Redis that holds what may be lost: waiting queries and sealed results.
 * Promises: a Redis that is away is answered at once and in one way, QUEUE_UNAVAILABLE; one that is
 * full as TRANSIENT_STORE_FULL; nothing of a command or a value reaches an error.
 */
import type { RedisScript } from '#apps/broker/src/transient/redis-script.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { openRedis, type RedisConnection } from '#libs/redis/open-redis.js';

const RETRY_MS = 5_000;

export type RedisValue = string | number | Buffer;

export class TransientStore {
  /** @param redis absent: this node has none */
  constructor(private readonly redis: RedisConnection | undefined) {}

  /** @param url as libs/redis reads it */
  static open(url: string | undefined): TransientStore {
    return new TransientStore(url === undefined ? undefined : openRedis(url, 'asks'));
  }

  /** Whether commands are answered at the moment, as far as this node knows. */
  get isThere(): boolean {
    return this.redis?.status === 'ready';
  }

  /** @throws ConduitError QUEUE_UNAVAILABLE, TRANSIENT_STORE_FULL */
  async ask<T>(command: (redis: RedisConnection) => Promise<T>): Promise<T> {
    if (!this.redis || !this.isThere) throw unavailable();
    try {
      return await command(this.redis);
    } catch (error) {
      throw storeFailure(error);
    }
  }

  /** @throws ConduitError as `ask` does */
  run<T>(script: RedisScript, keys: readonly string[], args: readonly RedisValue[]): Promise<T> {
    const words = [keys.length, ...keys, ...args] as const;
    return this.known(
      (redis) => redis.evalsha(script.digest, ...words) as Promise<T>,
      (redis) => redis.eval(script.lua, ...words) as Promise<T>,
    );
  }

  /** As `run` does, for a script that answers bytes: each text of its answer is a Buffer. */
  runForBytes<T>(
    script: RedisScript,
    keys: readonly string[],
    args: readonly RedisValue[],
  ): Promise<T> {
    const words = [keys.length, ...keys, ...args] as const;
    return this.known(
      (redis) => redis.callBuffer('EVALSHA', script.digest, ...words) as Promise<T>,
      (redis) => redis.callBuffer('EVAL', script.lua, ...words) as Promise<T>,
    );
  }

  /** A server that never saw a script, or forgot it, is given its text. */
  private known<T>(
    byDigest: (redis: RedisConnection) => Promise<T>,
    byText: (redis: RedisConnection) => Promise<T>,
  ): Promise<T> {
    return this.ask(async (redis) => {
      try {
        return await byDigest(redis);
      } catch (error) {
        if (!isReply(error, 'NOSCRIPT')) throw error;
        return byText(redis);
      }
    });
  }

  close(): void {
    this.redis?.disconnect();
  }
}

function isReply(error: unknown, word: string): boolean {
  const { name, message } = error as Partial<Error>;
  return name === 'ReplyError' && message?.startsWith(word) === true;
}

function unavailable(): ConduitError {
  return new ConduitError('QUEUE_UNAVAILABLE', { facts: { retryAfterMs: RETRY_MS } });
}

/** A driver's message may quote what was sent: none goes on. */
function storeFailure(error: unknown): ConduitError {
  if (error instanceof ConduitError) return error;
  if (isReply(error, 'OOM')) return new ConduitError('TRANSIENT_STORE_FULL');
  const { name, message } = error as Partial<Error>;
  const isOurFault = name === 'ReplyError' && /^(ERR|WRONGTYPE|CROSSSLOT)/.test(message ?? '');
  return isOurFault ? new ConduitError('INTERNAL') : unavailable();
}
