import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Kysely } from 'kysely';
import { aUse } from '#apps/broker/src/usage/usage-book.fixture.js';
import { StoredUsageBook, usageLimits } from '#apps/broker/src/usage/usage-book.postgres.js';
import { openMemoryStore } from '#libs/db/empty-store.fixture.js';
import { openDatabase, type OpenedDatabase } from '#libs/db/open-database.js';
import { startPostgres, type PostgresServer } from '#libs/db/postgres-server.fixture.js';
import type { Database } from '#libs/db/schema.js';
import { FixedClock } from '#libs/kernel/clock.js';

const clock = new FixedClock(Date.UTC(2026, 2, 4, 23, 59, 59));

async function counted(kysely: Kysely<Database>): Promise<number> {
  const { sum } = await kysely
    .selectFrom('usage_counts')
    .select(({ fn }) => fn.sum<string>('queries').as('sum'))
    .executeTakeFirstOrThrow();
  return Number(sum);
}

describe.each([
  ['the embedded database', () => undefined],
  ['PostgreSQL', () => startPostgres()],
])('the usage book on %s', (_name, start) => {
  let server: PostgresServer | undefined;
  let store: OpenedDatabase;

  beforeAll(async () => {
    server = await start();
    store = await (server ? openDatabase({ url: server.url }) : openMemoryStore());
  });
  afterEach(async () => {
    jest.useRealTimers();
    await store.kysely.deleteFrom('usage_counts').execute();
    await store.kysely.deleteFrom('usage_batches').execute();
  });
  afterAll(async () => {
    await store.close();
    await server?.stop();
  });

  const aBook = (kysely = store.kysely) => new StoredUsageBook(kysely, clock);

  test('adds up a day, sizes to the kilobyte, by the UTC day on which a query ended', async () => {
    const book = aBook();
    book.note(aUse());
    book.note(aUse({ resultBytes: 1, sqlMs: 0.4, durationMs: 3.5 }));
    await book.flush();
    clock.advance(2_000);
    book.note(aUse({ kind: 'async', access: 'write', outcome: 'expired', resultBytes: 0 }));
    await book.flush();
    clock.advance(-2_000);
    const rows = await store.kysely.selectFrom('usage_counts').selectAll().orderBy('day').execute();
    expect(rows.map(({ day, ...row }) => [day, row.kind, row.access, row.outcome])).toEqual([
      ['2026-03-04', 'immediate', 'read', 'successful'],
      ['2026-03-05', 'async', 'write', 'expired'],
    ]);
    expect(rows[0]).toMatchObject({
      queries: '2',
      request_bytes: '2048',
      result_bytes: '6144',
      duration_ms: '16',
      sql_ms: '7',
    });
  });

  test('is exact over several nodes that write at once', async () => {
    const nodes = [aBook(), aBook(), aBook()];
    for (let n = 0; n < 3_000; n += 1) {
      nodes[n % 3]?.note(aUse({ siteId: `site-${n % 700}` }));
    }
    await Promise.all(nodes.map((node) => node.flush()));
    expect(await counted(store.kysely)).toBe(3_000);
  });

  test('counts once what it had to send again', async () => {
    let lost = 2;
    const lossy = new Proxy(store.kysely, {
      get: (kysely, name, receiver) => {
        if (name !== 'transaction') return Reflect.get(kysely, name, receiver) as unknown;
        return () => ({
          execute: async (act: never) => {
            await kysely.transaction().execute(act);
            // The store has it, and the answer is lost on the way.
            if ((lost -= 1) >= 0) throw new Error('connection reset');
          },
        });
      },
    });
    const book = aBook(lossy);
    book.note(aUse());
    await expect(book.flush()).rejects.toThrow('connection reset');
    book.note(aUse());
    await expect(book.flush()).rejects.toThrow('connection reset');
    await book.flush();
    expect(await counted(store.kysely)).toBe(2);
  });

  test('writes by itself within seconds, and at its end', async () => {
    const book = aBook();
    book.note(aUse());
    const deadline = Date.now() + usageLimits.waitMs + 3_000;
    while ((await counted(store.kysely)) < 1) {
      expect(Date.now()).toBeLessThan(deadline);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    book.note(aUse());
    await book.beforeApplicationShutdown();
    expect(await counted(store.kysely)).toBe(2);
  });

  test('takes nothing for a number that is none', async () => {
    const book = aBook();
    book.note(aUse({ resultBytes: NaN, durationMs: -5, sqlMs: Infinity }));
    await book.flush();
    const row = await store.kysely.selectFrom('usage_counts').selectAll().executeTakeFirst();
    expect(row).toMatchObject({ result_bytes: '0', duration_ms: '0', sql_ms: '0' });
  });
});
