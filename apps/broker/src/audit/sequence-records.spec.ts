import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { sql, type Kysely, type KyselyPlugin } from 'kysely';
import { StoredAuditTrail } from '#apps/broker/src/audit/audit-trail.postgres.js';
import { LogKey } from '#apps/broker/src/audit/log-key.js';
import { LogTiles } from '#apps/broker/src/audit/log-tiles.js';
import { SequenceRecords } from '#apps/broker/src/audit/sequence-records.js';
import { MemoryEventLog } from '#apps/broker/src/logging/event-log.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import { openCheckpoint } from '#libs/audit/checkpoint.js';
import { readTiles } from '#libs/audit/read-tiles.js';
import { consistencyProof, inclusionProof } from '#libs/audit/tree-proofs.js';
import { textLeafHash } from '#libs/audit/tree-hash.js';
import { verifyConsistency, verifyInclusion } from '#libs/audit/verify-proofs.js';
import { openMemoryStore } from '#libs/db/empty-store.fixture.js';
import { openDatabase, type OpenedDatabase } from '#libs/db/open-database.js';
import { startPostgres } from '#libs/db/postgres-server.fixture.js';
import type { Database } from '#libs/db/schema.js';
import { SystemClock } from '#libs/kernel/clock.js';

const key = new LogKey('conduit.internal/audit', Buffer.alloc(32, 5));
const clock = new SystemClock();
const stepOf = (kysely: Kysely<Database>, by = key) => new SequenceRecords(kysely, by, clock);
const trailOf = (kysely: Kysely<Database>) =>
  new StoredAuditTrail(kysely, clock, new MemoryEventLog());

const recordsOf = (count: number, name: string): AuditRecord[] =>
  Array.from({ length: count }, (_, at) => ({
    type: 'query.executed',
    ts: '2026-01-02T00:00:00.000Z',
    requestId: `${name}-${at}`,
  }));

async function store(kysely: Kysely<Database>, count: number, name = 'r'): Promise<void> {
  const trail = trailOf(kysely);
  for (let at = 0; at < count; at++) {
    trail.note({ type: 'query.executed', requestId: `${name}-${at}` });
  }
  await trail.flush();
}

async function empty(kysely: Kysely<Database>): Promise<void> {
  // Only a test may: the triggers bind everybody else.
  await sql`set session_replication_role = replica`.execute(kysely);
  for (const table of ['leaves', 'tiles', 'checkpoints', 'waiting', 'log', 'records']) {
    await sql`delete from ${sql.table(`audit_${table}`)}`.execute(kysely);
  }
  await sql`set session_replication_role = origin`.execute(kysely);
}

/** That every stored record is one leaf, in the tree of every checkpoint that came after it. */
async function expectWhole(kysely: Kysely<Database>): Promise<number> {
  const leaves = await kysely
    .selectFrom('audit_records')
    .leftJoin('audit_leaves', 'audit_leaves.seq', 'audit_records.seq')
    .select(['record', 'leaf_index'])
    .orderBy('leaf_index')
    .execute();
  expect(leaves.map((row) => row.leaf_index)).toEqual(leaves.map((_, at) => String(at)));
  const rows = await kysely.selectFrom('audit_checkpoints').selectAll().orderBy('size').execute();
  const heads = rows.map(({ signed }) => {
    const opened = openCheckpoint(signed, key.verifier);
    if (!opened) throw new Error('a checkpoint does not open');
    return opened.checkpoint;
  });
  const last = heads.at(-1);
  if (!last) throw new Error('there is no checkpoint');
  expect(last.size).toBe(leaves.length);
  const read = readTiles(last.size, new LogTiles(kysely).read);
  for (const head of heads) {
    const proof = await consistencyProof(head.size, last.size, read);
    expect(verifyConsistency(head, last, proof)).toBe(true);
  }
  for (const index of new Set([0, Math.floor(last.size / 2), last.size - 1])) {
    const proof = await inclusionProof(index, last.size, read);
    const leaf = textLeafHash(leaves[index]?.record ?? '');
    expect(verifyInclusion({ index, ...last }, leaf, proof)).toBe(true);
  }
  return last.size;
}

/** Does something just before the given statement of those that go through it. */
const before = (statement: number, act: () => void): KyselyPlugin => {
  let count = 0;
  return {
    transformQuery: ({ node }) => {
      count += 1;
      if (count === statement) act();
      return node;
    },
    transformResult: async ({ result }) => result,
  };
};

/** Of a step that takes from the line: the look, and those of the transaction that the builder sees. */
const STATEMENTS = 4;

function describeLog(kysely: () => Kysely<Database>): void {
  beforeEach(() => empty(kysely()));

  test('every stored record becomes one leaf, under heads that continue each other', async () => {
    const step = stepOf(kysely());
    expect(await step.execute()).toEqual({ state: 'nothing' });
    for (const count of [1, 300, 256, 2]) {
      await store(kysely(), count);
      expect((await step.execute()).state).toBe('advanced');
    }
    expect(await expectWhole(kysely())).toBe(559);
    expect(await step.execute()).toEqual({ state: 'nothing' });
  });

  test('a failure at any statement leaves the log as it was, and the records waiting', async () => {
    await store(kysely(), 10);
    await stepOf(kysely()).execute();
    const heads = () => kysely().selectFrom('audit_checkpoints').select('signed').execute();
    const untouched = await heads();
    await store(kysely(), 290);
    for (let statement = 1; statement <= STATEMENTS; statement++) {
      const fails = before(statement, () => {
        throw new Error('planned');
      });
      await expect(stepOf(kysely().withPlugin(fails)).execute()).rejects.toThrow('planned');
      expect(await heads()).toEqual(untouched);
    }
    // Fewer statements than are counted here would be a test of nothing.
    const none = before(STATEMENTS + 1, () => {
      throw new Error('one more statement than is tested');
    });
    await stepOf(kysely().withPlugin(none)).execute();
    expect(await expectWhole(kysely())).toBe(300);
  });

  test('a batch that is taken in as it is stored has its leaves in its own order, and never waits', async () => {
    const step = stepOf(kysely());
    expect(await step.store(recordsOf(300, 'first'))).toBe(true);
    await store(kysely(), 5, 'waits');
    expect(await step.store(recordsOf(256, 'second'))).toBe(true);
    expect(await step.execute()).toEqual({ state: 'advanced', size: 561 });
    expect(await expectWhole(kysely())).toBe(561);
    const { rows } = await sql<{ name: string }>`
      select record::json ->> 'requestId' as name from audit_records
      join audit_leaves using (seq) order by leaf_index`.execute(kysely());
    const names = (count: number, name: string) => recordsOf(count, name).map((r) => r.requestId);
    expect(rows.map(({ name }) => name)).toEqual(
      [names(300, 'first'), names(256, 'second'), names(5, 'waits')].flat(),
    );
  });

  test('a failure at any statement of a batch stores nothing of it', async () => {
    await stepOf(kysely()).store(recordsOf(10, 'before'));
    for (let statement = 1; statement < STATEMENTS; statement++) {
      const fails = before(statement, () => {
        throw new Error('planned');
      });
      const step = stepOf(kysely().withPlugin(fails));
      await expect(step.store(recordsOf(3, 'never'))).rejects.toThrow('planned');
    }
    expect(await expectWhole(kysely())).toBe(10);
  });

  test('a log that this node cannot continue takes no batch in, and stores nothing of it', async () => {
    await stepOf(kysely()).store(recordsOf(2, 'before'));
    const other = new LogKey('conduit.internal/audit', Buffer.alloc(32, 6));
    expect(await stepOf(kysely(), other).store(recordsOf(2, 'never'))).toBe(false);
    expect(await expectWhole(kysely())).toBe(2);
  });

  test('is not continued with another key, nor from tiles that are not those it signed', async () => {
    await store(kysely(), 3);
    await stepOf(kysely()).execute();
    await store(kysely(), 3);
    const other = new LogKey('conduit.internal/audit', Buffer.alloc(32, 6));
    await expect(stepOf(kysely(), other).execute()).rejects.toMatchObject({ reason: 'other-key' });
    await sql`alter table audit_tiles disable trigger audit_tiles_grow`.execute(kysely());
    await sql`update audit_tiles set hashes = set_byte(hashes, 0, get_byte(hashes, 0) # 1)`.execute(
      kysely(),
    );
    await expect(stepOf(kysely()).execute()).rejects.toMatchObject({ reason: 'damaged' });
    await sql`update audit_tiles set hashes = set_byte(hashes, 0, get_byte(hashes, 0) # 1)`.execute(
      kysely(),
    );
    await sql`alter table audit_tiles enable trigger audit_tiles_grow`.execute(kysely());
    await stepOf(kysely()).execute();
    expect(await expectWhole(kysely())).toBe(6);
  });

  test.each([
    'update audit_tiles set hashes = substr(hashes, 33)',
    'delete from audit_tiles',
    'truncate audit_tiles',
    'update audit_leaves set leaf_index = leaf_index + 7',
    'delete from audit_leaves',
    'truncate audit_leaves cascade',
    "update audit_checkpoints set signed = ''",
  ])('the store refuses to take back what is in the log: %s', async (statement) => {
    await store(kysely(), 3);
    await stepOf(kysely()).execute();
    await expect(sql.raw(statement).execute(kysely())).rejects.toMatchObject({ code: '42501' });
  });

  test('the store takes no record whose hash is not its own', async () => {
    const row = { recorded_at: new Date(), practice_id: null, record: '{}' };
    const insert = kysely().insertInto('audit_records');
    await expect(
      insert.values({ ...row, leaf_hash: Buffer.alloc(32) }).execute(),
    ).rejects.toMatchObject({ code: '23514' });
  });
}

describe('in the embedded database', () => {
  let opened: OpenedDatabase;

  beforeAll(async () => {
    opened = await openMemoryStore();
  });

  afterAll(() => opened.close());

  describeLog(() => opened.kysely);
});

const server = await startPostgres();
if (!server) process.stderr.write('SKIPPED: no PostgreSQL to run sequencers against\n');

(server ? describe : describe.skip)('in a PostgreSQL server', () => {
  let opened: OpenedDatabase;
  const place = { url: server?.url ?? '' };

  beforeAll(async () => {
    // One connection, for settings of a session.
    opened = await openDatabase({ ...place, maxConnections: 1 });
  });

  afterAll(async () => {
    await opened.close();
    await server?.stop();
  });

  describeLog(() => opened.kysely);

  test('a record that is committed late, under a lower number, is not passed over', async () => {
    const [late, soon] = [await openDatabase(place), await openDatabase(place)];
    await late.kysely.transaction().execute(async (transaction) => {
      await trailOf(late.kysely).record({ type: 'key.created', requestId: 'late' }, transaction);
      await store(soon.kysely, 2, 'soon');
      expect(await stepOf(soon.kysely).execute()).toEqual({ state: 'advanced', size: 2 });
    });
    expect(await stepOf(soon.kysely).execute()).toEqual({ state: 'advanced', size: 3 });
    expect(await expectWhole(soon.kysely)).toBe(3);
    await late.close();
    await soon.close();
  });

  test('two sequencers and several writers at once double nothing and lose nothing', async () => {
    const nodes = await Promise.all([openDatabase(place), openDatabase(place)]);
    const steps = nodes.map(({ kysely }) => stepOf(kysely));
    let isWriting = true;
    const sequencing = steps.map(async (step) => {
      while (isWriting || (await step.anyWaiting())) await step.execute();
    });
    await Promise.all(
      nodes.map(async ({ kysely }, node) => {
        for (let round = 0; round < 15; round++) await store(kysely, 20, `${node}-${round}`);
      }),
    );
    isWriting = false;
    await Promise.all(sequencing);
    expect(await expectWhole(opened.kysely)).toBe(600);
    await Promise.all(nodes.map((node) => node.close()));
  });

  test('the leader that stops answering keeps nobody from taking over', async () => {
    await store(opened.kysely, 5);
    const [stuck, next] = [await openDatabase(place), await openDatabase(place)];
    const tried: unknown[] = [];
    await stuck.kysely.transaction().execute(async (transaction) => {
      await sql`select pg_advisory_xact_lock(7166273485::bigint)`.execute(transaction);
      tried.push(await stepOf(next.kysely).execute());
    });
    tried.push(await stepOf(next.kysely).execute());
    expect(tried).toEqual([{ state: 'elsewhere' }, { state: 'advanced', size: 5 }]);
    await stuck.close();
    await next.close();
  });

  test('PostgreSQL killed at any statement costs the log nothing', async () => {
    await store(opened.kysely, 7);
    for (let statement = 1; statement <= STATEMENTS + 1; statement++) {
      const node = await openDatabase(place);
      await store(node.kysely, 3, `kill-${statement}`);
      let killed: Promise<void> | undefined;
      const kills = before(statement, () => {
        killed = server?.kill();
      });
      await stepOf(node.kysely.withPlugin(kills))
        .execute()
        .catch(() => undefined);
      await (killed ?? server?.kill());
      await node.close().catch(() => undefined);
      await server?.restart();
      const again = await openDatabase(place);
      await stepOf(again.kysely).execute();
      expect(await expectWhole(again.kysely)).toBe(7 + 3 * statement);
      await again.close();
    }
  });
});
