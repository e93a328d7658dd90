import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { describeStore } from '#libs/db/database-conformance.fixture.js';
import { openDatabase, type OpenedDatabase } from '#libs/db/open-database.js';
import { startPostgres } from '#libs/db/postgres-server.fixture.js';

describe('the embedded database', () => {
  let folder: string;
  let opened: OpenedDatabase;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'conduit-pglite-'));
    opened = await openDatabase({ directory: join(folder, 'store') });
  });

  afterAll(async () => {
    await opened.close();
    rmSync(folder, { recursive: true, force: true });
  });

  describeStore(() => opened.kysely);

  test('refuses a second opener with a clear error', async () => {
    await expect(openDatabase({ directory: join(folder, 'store') })).rejects.toMatchObject({
      code: 'STORE_LOCKED',
    });
  });

  test('finds its rows again after it was closed', async () => {
    await opened.kysely
      .insertInto('practices')
      .values({ practice_id: 'kept', name: 'Zz' })
      .execute();
    await opened.close();
    opened = await openDatabase({ directory: join(folder, 'store') });
    const rows = await opened.kysely
      .selectFrom('practices')
      .select('name')
      .where('practice_id', '=', 'kept')
      .execute();
    expect(rows).toEqual([{ name: 'Zz' }]);
  });
});

const server = await startPostgres();
if (!server)
  process.stderr.write('SKIPPED: no PostgreSQL to run the store conformance suite against\n');

(server ? describe : describe.skip)('a PostgreSQL server', () => {
  let opened: OpenedDatabase;

  beforeAll(async () => {
    opened = await openDatabase({ url: server?.url ?? '' });
  });

  afterAll(async () => {
    await opened.close();
    await server?.stop();
  });

  describeStore(() => opened.kysely);

  test('lets several nodes boot at once', async () => {
    const others = await Promise.all([1, 2, 3].map(() => openDatabase({ url: server?.url ?? '' })));
    await Promise.all(others.map((other) => other.close()));
  });

  test('fails what a reset connection carried, and goes on with a new one', async () => {
    const near = new Set<Socket>();
    const proxy = createServer((socket) => {
      near.add(socket);
      const far = connect(join(server?.folder ?? '', '.s.PGSQL.5432'));
      for (const end of [socket, far]) end.on('error', () => undefined);
      socket.pipe(far).pipe(socket);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const reset = () => {
      for (const socket of near) socket.resetAndDestroy();
      near.clear();
    };
    const port = (proxy.address() as AddressInfo).port;
    const behind = await openDatabase({ url: `postgresql://conduit@127.0.0.1:${port}/postgres` });

    const broken = /ECONNRESET|terminated|not queryable/;

    const inQuery = behind.kysely.transaction().execute(async (transaction) => {
      setTimeout(reset, 100);
      await sql`select pg_sleep(30)`.execute(transaction);
    });
    await expect(inQuery).rejects.toThrow(broken);

    const betweenQueries = behind.kysely.transaction().execute(async (transaction) => {
      await sql`select 1`.execute(transaction);
      reset();
      await new Promise((resolve) => setTimeout(resolve, 100));
      await sql`select 1`.execute(transaction);
    });
    await expect(betweenQueries).rejects.toThrow(broken);

    await expect(sql`select 1 as one`.execute(behind.kysely)).resolves.toMatchObject({
      rows: [{ one: 1 }],
    });
    await behind.close();
    proxy.close();
  });
});
