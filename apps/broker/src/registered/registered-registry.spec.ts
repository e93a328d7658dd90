import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { SiteLinks, type AsyncPlaces } from '#apps/broker/src/gateway/site-links.port.js';
import { AnnounceChanges } from '#apps/broker/src/registered/announce-changes.js';
import { ForgetRegistered } from '#apps/broker/src/registered/forget-registered.js';
import { ReadRegisteredResults } from '#apps/broker/src/registered/read-registered-results.js';
import {
  runOwner,
  statusOf,
  type RegisteredRow,
} from '#apps/broker/src/registered/registered-row.js';
import { RegisteredRegistry } from '#apps/broker/src/registered/registered.fixture.js';
import { RunParts } from '#apps/broker/src/registered/run-parts.js';
import { MemoryBroadcast } from '#apps/broker/src/broadcast/broadcast.memory.js';
import { agentPatterns } from '#libs/contracts/link-messages.js';
import { runParts } from '#libs/contracts/registered.js';
import { encodePage } from '#libs/contracts/result-page.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Secret } from '#libs/kernel/secret.js';
import { LinkClient } from '#libs/link/link-client.js';
import { StreamedReply } from '#libs/link/link-reply.js';
import { LinkServer } from '#libs/link/link-server.js';
import { aLinkPair } from '#libs/link/socket-pair.fixture.js';
import { deriveResultKey } from '#libs/sealing/result-key.js';
import { until } from '#test/support/settle.js';

const DAY_MS = 86_400_000;

let registry: RegisteredRegistry;

beforeAll(async () => {
  registry = await RegisteredRegistry.open();
});
afterAll(() => registry.close());

beforeEach(async () => {
  await registry.kysely.deleteFrom('registered_queries').execute();
  registry.webhooks.events.length = 0;
  registry.practice.audit.records = [];
  registry.practice.audit.refuses = false;
  registry.usage.uses.length = 0;
  registry.pages.pages.clear();
  registry.pages.receipts.length = 0;
});

const told = (): string[] => registry.webhooks.events.map(({ type }) => type);

describe('an end', () => {
  test('comes when the time is over, not before, once, with its record and its event', async () => {
    const [due, later] = [await registry.add(1_000), await registry.add(2_000)];
    registry.practice.clock.advance(999);
    expect(await registry.ending.completeDue()).toBe(0);
    registry.practice.clock.advance(1);
    expect(statusOf(await registry.read(due.registered_id), registry.practice.clock.now())).toBe(
      'completed',
    );
    const ended = await Promise.all([registry.ending.completeDue(), registry.ending.completeDue()]);
    expect(ended[0] + ended[1]).toBe(1);
    expect(await registry.read(due.registered_id)).toMatchObject({ state: 'completed' });
    expect(await registry.read(later.registered_id)).toMatchObject({ state: 'enabled' });
    expect(told()).toEqual(['registered.ended']);
    expect(registry.practice.audit.records).toMatchObject([
      { type: 'registered.ended', queryId: due.registered_id, outcome: 'successful' },
    ]);
    expect(registry.dropped).toContain(due.registered_id);
  });

  test('does not come when it cannot be recorded', async () => {
    const row = await registry.add();
    registry.practice.audit.refuses = true;
    await expect(registry.ending.cancel(row, 'request')).rejects.toThrow();
    await expect(
      registry.ending.giveUp(row.registered_id, 'cancelled', 'GRANT_REVOKED'),
    ).rejects.toThrow();
    expect(await registry.read(row.registered_id)).toMatchObject({ state: 'enabled' });
    expect(told()).toEqual([]);
  });

  test('comes in any number', async () => {
    for (let n = 0; n < 120; n++) await registry.add(0);
    while ((await registry.ending.completeDue()) > 0);
    expect(told()).toHaveLength(120);
  });
});

describe('a run', () => {
  test('counts once, and an older one that comes later changes no latest', async () => {
    const row = await registry.add();
    const [first, second] = [registry.aReport(row, 10), registry.aReport(row, 20, { basis: 10 })];
    expect(await registry.report(second, second)).toHaveLength(1);
    expect(await registry.report(first)).toMatchObject([{ isLatest: false }]);
    expect(await registry.report(first, second)).toEqual([]);
    expect(await registry.read(row.registered_id)).toMatchObject({
      ...{ last_run: '20', changed_run: '20', succeeded_count: 2, result_bytes_sum: '20' },
      result_hash: second.hash,
    });
    const chain = await registry.book.changedSince(row.registered_id, 0);
    expect(chain.map(({ run }) => run)).toEqual(['10', '20']);
  });

  test('that fails leaves the result and names the code, an unknown one as INTERNAL', async () => {
    const row = await registry.add();
    await registry.report(registry.aReport(row, 1));
    const { hash: _hash, ...failed } = registry.aReport(row, 2, { outcome: 'failed' });
    await registry.report({ ...failed, errorCode: 'SOMETHING_NEW', errorNumber: 50_001 });
    expect(await registry.read(row.registered_id)).toMatchObject({
      ...{ changed_run: '1', error_code: 'INTERNAL', error_run: '2', failed_count: 1 },
    });
    await registry.report(registry.aReport(row, 3, { outcome: 'unchanged' }));
    expect(await registry.read(row.registered_id)).toMatchObject({ error_code: null });
    // Named as the agent names it in its own log; of what gave nobody anything there is no record.
    const nameOf = (run: number) => `${row.registered_id}.${run}`;
    expect(registry.practice.audit.records).toMatchObject([
      { type: 'query.executed', practice: 'practice-1', requestId: nameOf(1), rowsBucket: '<=10' },
      { type: 'query.failed', lane: 'registered', requestId: nameOf(2), errorCode: 'INTERNAL' },
    ]);
  });

  test('of a query that was cancelled, of another site, or of none is not kept', async () => {
    const row = await registry.add();
    await registry.ending.cancel(row, 'request');
    const elsewhere = await registry.add(DAY_MS, { site_id: 'site-2' });
    const none = { ...row, registered_id: '0b6f2b1e-6f3c-4b7e-9d0a-3f1c2d4e5f60' };
    const reports = [row, elsewhere, none].map((query) => registry.aReport(query, 1));
    expect(await registry.report(...reports)).toEqual([]);
    expect(await registry.book.runs(row.registered_id)).toEqual([]);
  });

  test('stays in a history of five hundred', async () => {
    const row = await registry.add();
    const runs = Array.from({ length: 530 }, (_, n) =>
      registry.aReport(row, n + 1, { outcome: 'unchanged' }),
    );
    await registry.report(...runs);
    const kept = await registry.book.runs(row.registered_id);
    expect([kept.length, kept[0]?.run, kept.at(-1)?.run]).toEqual([500, '530', '31']);
    const all = registry.kysely.selectFrom('registered_runs').select('run');
    expect((await all.execute()).length).toBeLessThan(530);
  }, 60_000);
});

describe('a change that a node died with', () => {
  const announcing = (): AnnounceChanges =>
    new AnnounceChanges(
      registry.kysely,
      undefined as never,
      registry.book,
      undefined as never,
      registry.webhooks,
    );

  test('is told by another, once, when it had its time', async () => {
    const row = await registry.add();
    await registry.report(registry.aReport(row, 1));
    const { clock } = registry.practice;
    await announcing().tellForgotten(clock.now());
    expect(told()).toEqual([]);
    clock.advance(121_000);
    await announcing().tellForgotten(clock.now());
    await announcing().tellForgotten(clock.now());
    expect(told()).toEqual(['registered.changed']);
  });

  test('is told although the query has run every minute since', async () => {
    const row = await registry.add();
    const { clock } = registry.practice;
    await registry.report(registry.aReport(row, 1));
    for (const run of [2, 3]) {
      clock.advance(60_000);
      await registry.report(registry.aReport(row, run, { outcome: 'unchanged' }));
    }
    clock.advance(1_000);
    await announcing().tellForgotten(clock.now());
    expect(told()).toEqual(['registered.changed']);
  });
});

describe('what is over', () => {
  test('is forgotten a day later, with its results and a receipt of it', async () => {
    const [old, young] = [await registry.add(0), await registry.add(DAY_MS / 2)];
    await registry.report(registry.aReport(old, 1));
    const page = { header: { page: 1, rowsStart: 0, rowsEnd: 0, plainBytes: 1 } };
    await registry.pages.putPage(runOwner(old, 1), { ...page, sealed: Buffer.alloc(9) });
    await registry.ending.completeDue();
    registry.practice.clock.advance(DAY_MS);
    await registry.ending.completeDue();
    registry.practice.clock.advance(1);
    const parts = new RunParts(registry.pages.store, undefined as never, new MemoryBroadcast());
    const { kysely, book } = registry;
    await new ForgetRegistered(kysely, book, parts, registry.practice.clock).forgetOld();
    expect(await book.read(old.registered_id)).toBeUndefined();
    expect(await book.runs(old.registered_id)).toEqual([]);
    expect(await book.read(young.registered_id)).toMatchObject({ state: 'completed' });
    expect(registry.pages.receipts).toEqual([[old.registered_id, 'expired']]);
  });
});

describe('parts of a run', () => {
  class OneLink extends SiteLinks {
    client: LinkClient | undefined;

    override find(): LinkClient | undefined {
      return this.client;
    }

    override availability(): 'online' {
      return 'online';
    }

    override asyncPlaces(): AsyncPlaces {
      return { all: 6, each: 3 };
    }
  }

  /** The far end answers each fetch with these bytes. */
  function aLink(head: object, frames: Buffer[]): { client: LinkClient; asked: () => number } {
    const { dialler, listener } = aLinkPair();
    const server = new LinkServer();
    let asked = 0;
    const answer = (): StreamedReply => {
      asked += 1;
      return new StreamedReply({
        head,
        body: (async function* () {
          yield* frames;
        })(),
        end: () => ({}),
      });
    };
    server.addHandler(agentPatterns.fetchRegistered, (() => Promise.resolve(answer())) as never);
    server.listen(() => undefined);
    server.attach(dialler, 'broker');
    return { client: new LinkClient(listener), asked: () => asked };
  }

  const frame = (page: number, bytes = 5): Buffer[] =>
    encodePage({
      header: { page, rowsStart: 0, rowsEnd: -1, plainBytes: bytes },
      sealed: Buffer.alloc(bytes, page),
    });

  const aRow = (): Promise<RegisteredRow> => registry.add();

  test('asked for at once are fetched once, and then lie in the store', async () => {
    const links = new OneLink();
    const { client, asked } = aLink({ keyEnvelope: 'abc' }, [...frame(0), ...frame(1)]);
    links.client = client;
    const parts = new RunParts(registry.pages.store, links, new MemoryBroadcast());
    const row = await aRow();
    const found = await Promise.all([
      parts.read(row, 7, runParts.rows),
      parts.read(row, 7, runParts.outcome),
    ]);
    expect(found.map(({ sealed }) => sealed[0])).toEqual([1, 0]);
    await parts.read(row, 7, runParts.rows);
    expect(asked()).toBe(1);
    expect(await parts.stored(row, 7, runParts.rows)).toEqual(found[0]);
    await expect(parts.read(row, 7, runParts.delta)).rejects.toMatchObject({ code: 'RESULT_GONE' });
  });

  test.each([
    ['no envelope', {}, frame(1)],
    ['an envelope without end', { keyEnvelope: 'x'.repeat(1_001) }, frame(1)],
    ['a part that there is not', { keyEnvelope: 'abc' }, frame(9)],
    ['a torn frame', { keyEnvelope: 'abc' }, [Buffer.from([0, 0])]],
  ])('that come with %s are refused', async (_, head, frames) => {
    const links = new OneLink();
    links.client = aLink(head, frames).client;
    const parts = new RunParts(registry.pages.store, links, new MemoryBroadcast());
    await expect(parts.read(await aRow(), 7, runParts.rows)).rejects.toMatchObject({
      code: 'LINK_PROTOCOL',
    });
    expect(registry.pages.pages.size).toBe(0);
  });

  test('wanted by many at once are looked for by one walk, and by one more for all that came since', async () => {
    const row = await aRow();
    await registry.report(registry.aReport(row, 7));
    const links = new OneLink();
    links.client = {} as LinkClient;
    let walks = 0;
    let atOnce = 0;
    const looked: (() => void)[] = [];
    const parts = {
      stored: async () => {
        walks += 1;
        atOnce += 1;
        await new Promise<void>((resolve) => looked.push(resolve));
        atOnce -= 1;
        return {};
      },
    } as unknown as RunParts;
    const node = new AnnounceChanges(
      registry.kysely,
      links,
      registry.book,
      parts,
      registry.webhooks,
    );
    const first = node.fetchWanted(row.registered_id);
    await until(() => looked.length === 1);
    for (let more = 0; more < 9; more++) await node.fetchWanted(row.registered_id);
    looked[0]?.();
    await until(() => looked.length === 2);
    expect(atOnce).toBe(1);
    looked[1]?.();
    await first;
    expect(walks).toBe(2);
    void node.fetchWanted(row.registered_id);
    await until(() => looked.length === 3);
    looked[2]?.();
  });

  test('a whole result asks for its rows and its outcome at once', async () => {
    const secret = new Secret(Buffer.alloc(32, 1));
    const id = randomUUID();
    const { publicKey } = deriveResultKey(secret.reveal(), id);
    const row = await registry.add(DAY_MS, {
      ...{ registered_id: id, result_key: publicKey, changed_run: '7' },
    });
    const asked: number[] = [];
    const gone = new ConduitError('RESULT_GONE');
    const parts = {
      read: async (_row: object, _run: number, part: number) => {
        asked.push(part);
        await new Promise(setImmediate);
        throw gone;
      },
    } as unknown as RunParts;
    const results = new ReadRegisteredResults(registry.book, parts, undefined as never);
    await expect(results.whole(row, secret, undefined as never)).rejects.toBe(gone);
    expect(asked).toEqual([runParts.rows, runParts.outcome]);
  });

  test('of an agent at another node are fetched by that node', async () => {
    const far = new OneLink();
    far.client = aLink({ keyEnvelope: 'abc' }, [...frame(0), ...frame(1)]).client;
    const row = await aRow();
    await registry.report(registry.aReport(row, 7));
    const word = new MemoryBroadcast();
    Object.defineProperty(word, 'state', { value: () => 'ok' });
    const farParts = new RunParts(registry.pages.store, far, word);
    const node = new AnnounceChanges(
      registry.kysely,
      far,
      registry.book,
      farParts,
      registry.webhooks,
    );
    word.subscribe('registered.wanted', (id) => void node.fetchWanted(id));
    const near = new RunParts(registry.pages.store, new OneLink(), word);
    expect((await near.read(row, 7, runParts.rows)).sealed).toEqual(Buffer.alloc(5, 1));
  });
});
