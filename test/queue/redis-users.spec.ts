/** A Redis as it is deployed, with TLS and a user for each role: who gets in, and who may do what. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openRedis, type RedisConnection } from '#libs/redis/open-redis.js';
import { until } from '#test/support/settle.js';
import { hasRedis } from '#test/support/test-redis.js';
import { redisUsers, TlsRedis, type RedisUser } from '#test/support/tls-redis.js';

const whenThere = hasRedis('TLS and users of Redis') ? describe : describe.skip;
const roles = ['api', 'gateway', 'worker', 'broker'] as const;

whenThere('a Redis with TLS and users', () => {
  let redis: TlsRedis;
  const open = new Map<RedisUser, RedisConnection>();
  const as = (user: RedisUser): RedisConnection => open.get(user)!;

  beforeAll(async () => {
    redis = await TlsRedis.start();
    for (const user of redisUsers) open.set(user, openRedis(redis.urlOf(user), 'asks'));
    await until(() => [...open.values()].every(({ status }) => status === 'ready'));
  });

  afterAll(async () => {
    for (const connection of open.values()) connection.disconnect();
    await redis?.stop();
  });

  const staysOut = async (url: string): Promise<string> => {
    const connection = openRedis(url, 'asks');
    const error = await new Promise<Error>((resolve) => connection.once('error', resolve));
    expect(connection.status).not.toBe('ready');
    connection.disconnect();
    return `${(error as NodeJS.ErrnoException).code ?? ''} ${error.message}`;
  };

  test('lets in nobody with a wrong password, without a user, or under the default one', async () => {
    expect(await staysOut(redis.urlOf('api', 'wrong'))).toContain('WRONGPASS');
    const { port, caFile } = redis;
    const bare = `localhost:${port}?ca=${encodeURIComponent(caFile)}`;
    expect(await staysOut(`rediss://${bare}`)).toContain('NOAUTH');
    expect(await staysOut(`rediss://default:anything@${bare}`)).toContain('WRONGPASS');
  });

  test('is not believed by a node that was not given its authority', async () => {
    const { caFile } = redis;
    const url = redis.urlOf('api').replace(`?ca=${encodeURIComponent(caFile)}`, '');
    expect(await staysOut(url)).toMatch(/UNABLE_TO_VERIFY|SELF_SIGNED|self-signed/);
  });

  test('is not spoken to without TLS', async () => {
    const url = redis
      .urlOf('api')
      .replace(/^rediss/, 'redis')
      .replace(/\?.*$/, '');
    expect(await staysOut(url)).toMatch(/ECONNRESET|closed|EPIPE/);
  });

  test('keeps nothing on a disk', async () => {
    const settings = await as('operator').config('GET', 'save', 'appendonly', 'maxmemory-policy');
    expect(settings).toEqual(
      expect.arrayContaining(['save', '', 'appendonly', 'no', 'maxmemory-policy', 'noeviction']),
    );
  });

  const forbidden = [
    ['CONFIG', 'GET', '*'],
    ['CONFIG', 'SET', 'save', '1 1'],
    ['FLUSHALL'],
    ['FLUSHDB'],
    ['KEYS', '*'],
    ['SCAN', '0'],
    ['RANDOMKEY'],
    ['MONITOR'],
    ['ACL', 'LIST'],
    ['ACL', 'SETUSER', 'default', 'on', 'nopass', '+@all', '~*'],
    ['CLIENT', 'LIST'],
    ['CLIENT', 'KILL', 'TYPE', 'normal'],
    ['SAVE'],
    ['BGREWRITEAOF'],
    ['SHUTDOWN', 'NOSAVE'],
    ['REPLICAOF', '127.0.0.1', '1'],
    ['SLOWLOG', 'GET'],
    ['SCRIPT', 'FLUSH'],
    ['SCRIPT', 'KILL'],
    ['FUNCTION', 'FLUSH'],
    ['MIGRATE', '127.0.0.1', '1', 'conduit:lines', '0', '1'],
    ['RESTORE', 'conduit:lines', '0', 'x'],
    ['DUMP', 'conduit:lines'],
    ['OBJECT', 'ENCODING', 'conduit:lines'],
    ['SWAPDB', '0', '1'],
    ['SORT', 'conduit:lines', 'BY', 'other:*'],
  ];

  const answerOf = (user: RedisUser, [command = '', ...words]: string[]): Promise<string> =>
    as(user)
      .call(command, ...words)
      .then(
        () => 'done',
        (error: Error) => error.message.split(' ')[0] ?? '',
      );

  test.each(roles)('lets %s neither look around nor rule', async (user) => {
    for (const command of forbidden)
      expect([...command, await answerOf(user, command)]).toEqual([...command, 'NOPERM']);
  });

  test.each(roles)('keeps %s to the keys and channels of the conduit', async (user) => {
    const foreign = [
      ['GET', 'other'],
      ['SET', 'other', '1'],
      ['DEL', 'other'],
      ['GET', 'conduit'],
      ['SET', 'conduit:other:1', '1'],
      ['PUBLISH', 'other', '1'],
      ['SUBSCRIBE', 'other'],
      ['EVAL', "return redis.call('get', KEYS[1])", '1', 'other'],
    ];
    for (const command of foreign)
      expect([...command, await answerOf(user, command)]).toEqual([...command, 'NOPERM']);
    // A script that names none of its keys gets no further.
    const undeclared = ['EVAL', "return redis.call('get', 'other')", '0'];
    expect(await answerOf(user, undeclared)).not.toBe('done');
    const quiet = "return redis.pcall('flushall')['err']";
    expect(await as(user).eval(quiet, 0)).toContain("can't run this command");
  });

  test('leaves idempotency keys to the api', async () => {
    const may = async (user: RedisUser, key: string): Promise<boolean> =>
      (await answerOf(user, ['SET', key, '1', 'PX', '1000'])) === 'done';
    const seen = await Promise.all(
      roles.map(async (user) => [
        user,
        await may(user, 'conduit:idempotency:{one}'),
        await may(user, 'conduit:query:{one}'),
      ]),
    );
    expect(seen).toEqual([
      ['api', true, true],
      ['gateway', false, true],
      ['worker', false, true],
      ['broker', true, true],
    ]);
  });

  test('shows its operator its state and no key', async () => {
    expect(await as('operator').ping()).toBe('PONG');
    expect(await as('operator').info('memory')).toContain('used_memory_human');
    const commands = [...forbidden.slice(1), ['GET', 'conduit:lines'], ['PUBLISH', 'x', '1']];
    for (const command of commands)
      expect([...command, await answerOf('operator', command)]).toEqual([...command, 'NOPERM']);
  });
});
