import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { sql, type Kysely } from 'kysely';
import { auditLimits, StoredAuditTrail } from '#apps/broker/src/audit/audit-trail.postgres.js';
import { LogKey } from '#apps/broker/src/audit/log-key.js';
import { LogTiles } from '#apps/broker/src/audit/log-tiles.js';
import { SequenceRecords } from '#apps/broker/src/audit/sequence-records.js';
import { before, recordsOf, testLogKey } from '#apps/broker/src/audit/sequencing.fixture.js';
import { MemoryEventLog } from '#apps/broker/src/logging/event-log.js';
import { checkout } from '#deploy/dev/programs.js';
import { openCheckpoint } from '#libs/audit/checkpoint.js';
import { readTiles } from '#libs/audit/read-tiles.js';
import { consistencyProof, inclusionProof } from '#libs/audit/tree-proofs.js';
import { textLeafHash } from '#libs/audit/tree-hash.js';
import { verifyConsistency, verifyInclusion } from '#libs/audit/verify-proofs.js';
import { LEAF_OF_RECORD } from '#libs/db/audit-log-tables.js';
import { openMemoryStore } from '#libs/db/empty-store.fixture.js';
import { openDatabase, type OpenedDatabase } from '#libs/db/open-database.js';
import { startPostgres } from '#libs/db/postgres-server.fixture.js';
import type { Database } from '#libs/db/schema.js';
import { SystemClock } from '#libs/kernel/clock.js';
import { settle } from '#test/support/settle.js';

const clock = new SystemClock();
const stepOf = (kysely: Kysely<Database>, by = testLogKey) =>
  new SequenceRecords(kysely, by, clock);
const trailOf = (kysely: Kysely<Database>) =>
  new StoredAuditTrail(kysely, clock, new MemoryEventLog());

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

/** In the first hash of each tile, or of those of one level; a second time puts it back. */
async function flipBit(kysely: Kysely<Database>, level?: number): Promise<void> {
  await sql`alter table audit_tiles disable trigger audit_tiles_grow`.execute(kysely);
  await sql`update audit_tiles set hashes = set_byte(hashes, 0, get_byte(hashes, 0) # 1)
    where level = coalesce(${level ?? null}::smallint, level)`.execute(kysely);
  await sql`alter table audit_tiles enable trigger audit_tiles_grow`.execute(kysely);
}

/** That every stored record is one leaf, in the tree of every checkpoint that came after it. */
async function expectWhole(kysely: Kysely<Database>): Promise<number> {
  const { rows: leaves } = await sql<{ record: string; leaf_index: string | null }>`
    select r.record, ${sql.raw(LEAF_OF_RECORD)} as leaf_index
    from audit_records r left join audit_leaves l using (seq) order by 2`.execute(kysely);
  expect(leaves.map((row) => row.leaf_index)).toEqual(leaves.map((_, at) => String(at)));
  const rows = await kysely.selectFrom('audit_checkpoints').selectAll().orderBy('size').execute();
  const heads = rows.map(({ signed }) => {
    const opened = openCheckpoint(signed, testLogKey.verifier);
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

/** Of a step that takes from the line: the look, and those of the transaction that the builder sees. */
const STATEMENTS = 4;
/** Of a batch that is taken in as it is stored; of one that follows another at once, only the last. */
const BATCH_STATEMENTS = 2;

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
      select record::json ->> 'requestId' as name from audit_records r
      left join audit_leaves l using (seq) order by ${sql.raw(LEAF_OF_RECORD)}`.execute(kysely());
    const names = (count: number, name: string) => recordsOf(count, name).map((r) => r.requestId);
    expect(rows.map(({ name }) => name)).toEqual(
      [names(300, 'first'), names(256, 'second'), names(5, 'waits')].flat(),
    );
  });

  test('a failure at any statement of a batch stores nothing of it', async () => {
    await stepOf(kysely()).store(recordsOf(10, 'before'));
    for (let statement = 1; statement <= BATCH_STATEMENTS; statement++) {
      const fails = before(statement, () => {
        throw new Error('planned');
      });
      const step = stepOf(kysely().withPlugin(fails));
      await expect(step.store(recordsOf(3, 'never'))).rejects.toThrow('planned');
    }
    const none = before(BATCH_STATEMENTS + 1, () => {
      throw new Error('one more statement than is tested');
    });
    expect(await stepOf(kysely().withPlugin(none)).store(recordsOf(3, 'last'))).toBe(true);
    expect(await expectWhole(kysely())).toBe(13);
  });

  test('a batch that follows another is one statement, and a failure of it stores nothing', async () => {
    await stepOf(kysely()).store(recordsOf(1, 'before'));
    const fails = before(BATCH_STATEMENTS + 2, () => {
      throw new Error('planned');
    });
    const step = stepOf(kysely().withPlugin(fails));
    expect(await step.store(recordsOf(256, 'first'))).toBe(true);
    expect(await step.store(recordsOf(256, 'second'))).toBe(true);
    await expect(step.store(recordsOf(256, 'never'))).rejects.toThrow('planned');
    expect(await step.store(recordsOf(256, 'fourth'))).toBe(true);
    expect(await expectWhole(kysely())).toBe(769);
  });

  test('a batch that follows another finds out that others have written since', async () => {
    const [one, two] = [stepOf(kysely()), stepOf(kysely())];
    for (const count of [5, 256, 1]) {
      expect(await one.store(recordsOf(count, 'one'))).toBe(true);
      expect(await two.store(recordsOf(count, 'two'))).toBe(true);
      await store(kysely(), 2);
      expect((await one.execute()).state).toBe('advanced');
    }
    expect(await expectWhole(kysely())).toBe(2 * 262 + 6);
  });

  test('a batch that follows another does not continue tiles that were changed since', async () => {
    const step = stepOf(kysely());
    await step.store(recordsOf(5, 'first'));
    await flipBit(kysely());
    await expect(step.store(recordsOf(5, 'never'))).rejects.toMatchObject({ code: '42501' });
    expect(await step.store(recordsOf(5, 'never'))).toBe(false);
    expect(await stepOf(kysely()).size()).toBe(5);
  });

  test('tiles that a batch does not change are looked at again after a second', async () => {
    const [step, atMs] = [stepOf(kysely()), performance.now()];
    await step.store(recordsOf(300, 'first'));
    await flipBit(kysely(), 1);
    const clockOfMachine = jest.spyOn(performance, 'now').mockReturnValue(atMs + 5_000);
    const isStored = await step.store(recordsOf(5, 'never'));
    clockOfMachine.mockRestore();
    expect(isStored).toBe(false);
    expect(await step.size()).toBe(300);
  });

  test('nothing is taken in when the head does not move', async () => {
    await stepOf(kysely()).store(recordsOf(5, 'first'));
    await store(kysely(), 3, 'waits');
    await sql`create or replace function hold_head() returns trigger language plpgsql as
      $$ begin return null; end $$`.execute(kysely());
    await sql`create trigger hold_head before update on audit_log
      for each row execute function hold_head()`.execute(kysely());
    await expect(stepOf(kysely()).execute()).rejects.toMatchObject({ reason: 'damaged' });
    expect(await stepOf(kysely()).store(recordsOf(5, 'never'))).toBe(false);
    await sql`drop trigger hold_head on audit_log`.execute(kysely());
    expect(await stepOf(kysely()).execute()).toEqual({ state: 'advanced', size: 8 });
    expect(await expectWhole(kysely())).toBe(8);
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
    await flipBit(kysely());
    await expect(stepOf(kysely()).execute()).rejects.toMatchObject({ reason: 'damaged' });
    await flipBit(kysely());
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
    'update audit_records set leaf_index = leaf_index + 7',
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

  describe('a store that neither refuses nor answers', () => {
    const { stallMs } = auditLimits;
    beforeAll(() => void (auditLimits.stallMs = 300));
    afterAll(() => void (auditLimits.stallMs = stallMs));

    /** @param hold @returns lets go */
    async function expectStall(hold: () => Promise<() => Promise<void>>): Promise<void> {
      const node = await openDatabase(place);
      const log = new MemoryEventLog();
      const trail = new StoredAuditTrail(node.kysely, clock, log);
      const letGo = await hold();
      trail.note({ type: 'query.executed', requestId: 'held-up' });
      const written = trail.flush();
      expect(trail.accepts()).toBe(true);
      await settle('dispatch has stopped', 5_000, () => !trail.accepts() || undefined);
      await letGo();
      await written;
      expect(trail.accepts()).toBe(true);
      expect(log.lines.map(({ event }) => event)).toEqual(['audit.stalled', 'audit.recovered']);
      await stepOf(node.kysely).execute();
      expect(await expectWhole(node.kysely)).toBe(1);
      await node.close();
    }

    test('because somebody holds its table stops dispatch', () =>
      expectStall(async () => {
        const holder = await openDatabase(place);
        const transaction = await holder.kysely.startTransaction().execute();
        await sql`lock table audit_records in access exclusive mode`.execute(transaction);
        return async () => {
          await transaction.rollback().execute();
          await holder.close();
        };
      }));

    test('because its server is frozen stops dispatch', () =>
      expectStall(async () => {
        server?.signal('SIGSTOP');
        return async () => server?.signal('SIGCONT');
      }));

    test('fails a security act, which does not happen', async () => {
      const node = await openDatabase({ ...place, lockWaitMs: 200 });
      await opened.kysely.transaction().execute(async (transaction) => {
        await sql`lock table audit_records in access exclusive mode`.execute(transaction);
        const act = trailOf(node.kysely).record({ type: 'key.created', requestId: 'never' });
        await expect(act).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
      });
      expect(await stepOf(node.kysely).anyWaiting()).toBe(false);
      await node.close();
    });
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

  test('PostgreSQL killed while batches follow each other has each of them whole or not at all', async () => {
    await stepOf(opened.kysely).store(recordsOf(5, 'before'));
    let size = 5;
    for (const [statement, laterMs] of moments(4, 2)) {
      const node = await openDatabase(place);
      let killed: Promise<void> | undefined;
      const kills = before(statement, () => {
        setTimeout(() => {
          killed = server?.kill();
        }, laterMs);
      });
      const step = stepOf(node.kysely.withPlugin(kills));
      let stored = 0;
      for (const name of ['one', 'two', 'three'])
        await step.store(recordsOf(300, `${name}-${statement}-${laterMs}`)).then(
          (isStored) => (stored += isStored ? 300 : 0),
          () => undefined,
        );
      await new Promise((resolve) => setTimeout(resolve, laterMs));
      await (killed ?? server?.kill());
      await node.close().catch(() => undefined);
      await server?.restart();
      const again = await openDatabase(place);
      const after = await expectWhole(again.kysely);
      // What was confirmed is there; what was not may be.
      expect(after - size).toBeGreaterThanOrEqual(stored);
      expect((after - size) % 300).toBe(0);
      expect(await stepOf(again.kysely).store(recordsOf(1, 'goes-on'))).toBe(true);
      size = after + 1;
      await again.close();
    }
  });

  test('a broker killed at any statement loses no leaf and doubles none', async () => {
    await stepOf(opened.kysely).store(recordsOf(2, 'first'));
    let size = 2;
    for (const [statement, laterMs] of KILLS) {
      await store(opened.kysely, 3, `waits-${statement}-${laterMs}`);
      const confirmed = await confirmedByKilled(statement, laterMs);
      // What it had sent is still carried out, or rolled back.
      while ((await otherSessions(opened.kysely)) > 0)
        await new Promise((resolve) => setTimeout(resolve, 5));
      await stepOf(opened.kysely).execute();
      const after = await expectWhole(opened.kysely);
      expect(after - size).toBeGreaterThanOrEqual(Math.max(3, confirmed));
      expect((after - size - 3) % 300).toBe(0);
      size = after;
    }
    expect(size).toBeGreaterThan(2 + 3 * KILLS.length);
  }, 60_000);
});

/** To die at: each statement, before it is sent and so much later. */
const moments = (statements: number, laterMs: number): [statement: number, laterMs: number][] =>
  Array.from({ length: 2 * statements }, (_, at) => [1 + (at >> 1), at % 2 === 0 ? 0 : laterMs]);

/** In a step that takes from the line and two batches that follow it, or after all that. */
const KILLS = [...moments(STATEMENTS + 2, 1), [STATEMENTS + 3, 0] as const];

/** @returns how many records a process that was killed had been confirmed */
async function confirmedByKilled(statement: number, laterMs: number): Promise<number> {
  const program = join(checkout, 'dist/apps/broker/src/audit/sequencing-node.fixture.js');
  const words = [program, server?.url ?? '', String(statement), String(laterMs)];
  const node = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  let told = '';
  node.stdout.setEncoding('utf8').on('data', (text: string) => (told += text));
  const [, signal] = (await once(node, 'close')) as [number | null, string | null];
  expect(signal).toBe('SIGKILL');
  return told.split('\n').reduce((sum, line) => sum + Number(line), 0);
}

async function otherSessions(kysely: Kysely<Database>): Promise<number> {
  const { rows } = await sql`select from pg_stat_activity
    where backend_type = 'client backend' and pid <> pg_backend_pid()`.execute(kysely);
  return rows.length;
}
