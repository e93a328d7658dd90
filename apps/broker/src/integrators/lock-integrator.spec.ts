import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { lockIntegrator } from '#apps/broker/src/integrators/lock-integrator.js';
import { openDatabase, type OpenedDatabase } from '#libs/db/open-database.js';
import { startPostgres } from '#libs/db/postgres-server.fixture.js';
import { settle } from '#test/support/settle.js';

// The embedded store runs one transaction after the other: there nobody would have to wait.
const server = await startPostgres();
const onServer = server ? describe : describe.skip;

onServer('whoever locks an integrator', () => {
  let opened: OpenedDatabase;

  beforeAll(async () => {
    opened = await openDatabase({ url: String(server?.url) });
    const words = { name: 'Zz Vendor', purposes: '[]', countries: '[]' };
    await opened.kysely
      .insertInto('integrators')
      .values(['one', 'another'].map((integrator_id) => ({ integrator_id, ...words })))
      .execute();
  });
  afterAll(async () => {
    await opened?.close();
    await server?.stop();
  });

  const lock = (integratorId: string, then?: () => Promise<unknown>) =>
    opened.kysely.transaction().execute(async (within) => {
      await lockIntegrator(within, integratorId);
      await then?.();
    });

  /** Whether it had to wait, once it has to or is done. */
  async function hasToWait(attempt: Promise<void>): Promise<boolean> {
    let isDone = false;
    void attempt.then(() => (isDone = true));
    return settle('the second waits or is done', 10_000, async () => {
      const waiting = await sql`select 1 from pg_locks where not granted`.execute(opened.kysely);
      if (waiting.rows.length > 0) return true;
      return isDone ? false : undefined;
    });
  }

  test('goes on alone until its transaction ends', async () => {
    let second: Promise<void> | undefined;
    let waited: boolean | undefined;
    await lock('one', async () => {
      second = lock('one');
      waited = await hasToWait(second);
    });
    await second;
    expect(waited).toBe(true);
  });

  test('stops nobody who locks another', async () => {
    let waited: boolean | undefined;
    await lock('one', async () => (waited = await hasToWait(lock('another'))));
    expect(waited).toBe(false);
  });
});
