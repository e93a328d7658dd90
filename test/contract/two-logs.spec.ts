/**
 * The agent's log and the broker's, tied to each other: heads go both ways, and neither side can take
 * anything back that the other has seen.
 */
import { sign } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';

import type { AgentConfig } from '#apps/agent/src/agent.config.js';
import { AgentLog, journalFolder } from '#apps/agent/src/journal/agent-log.js';
import { FileJournal } from '#apps/agent/src/journal/file-journal.js';
import { MemoryEventLog as AgentEventLog } from '#apps/agent/src/logging/event-log.js';
import { CrossCheckpoints, crossingTimes } from '#apps/agent/src/witness/cross-checkpoints.js';
import { OwnLogController } from '#apps/agent/src/witness/own-log.controller.js';
import { ReadOwnLog } from '#apps/agent/src/witness/read-own-log.js';
import { ReconcileHere } from '#apps/agent/src/witness/reconcile-here.js';
import { NoteReading } from '#apps/broker/src/activity/note-reading.js';
import { StoredAuditTrail } from '#apps/broker/src/audit/audit-trail.postgres.js';
import { LogKey } from '#apps/broker/src/audit/log-key.js';
import { LogTiles } from '#apps/broker/src/audit/log-tiles.js';
import { SequenceRecords } from '#apps/broker/src/audit/sequence-records.js';
import { MemoryEventLog } from '#apps/broker/src/logging/event-log.js';
import {
  EndReconciliation,
  type ReconciliationEnd,
} from '#apps/broker/src/reconciliation/end-reconciliation.js';
import { HoldStep } from '#apps/broker/src/reconciliation/hold-step.js';
import { LogAlarmBook } from '#apps/broker/src/reconciliation/log-alarms.js';
import { NoteMissedNights } from '#apps/broker/src/reconciliation/note-missed-nights.js';
import { ReadAgentLog } from '#apps/broker/src/reconciliation/read-agent-log.js';
import { ReconcileAgent } from '#apps/broker/src/reconciliation/reconcile-agent.js';
import { ShowReconciliations } from '#apps/broker/src/reconciliation/show-reconciliations.js';
import { SiteRecords } from '#apps/broker/src/reconciliation/site-records.js';
import { SiteRecordsController } from '#apps/broker/src/reconciliation/site-records.controller.js';
import { ReadLog } from '#apps/broker/src/witnesses/read-log.js';
import { AgentLogsController } from '#apps/broker/src/witnesses/agent-logs.controller.js';
import { KeepAgentLog } from '#apps/broker/src/witnesses/keep-agent-log.js';
import { agentLogOrigin } from '#libs/audit/agent-log-key.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import { proveRange } from '#libs/audit/range-proof.js';
import { stepLimits } from '#libs/audit/reconcile-in-steps.js';
import { EMPTY_ROOT } from '#libs/audit/tree-hash.js';
import { agentPatterns, brokerPatterns } from '#libs/contracts/link-messages.js';
import { openMemoryStore } from '#libs/db/empty-store.fixture.js';
import type { OpenedDatabase } from '#libs/db/open-database.js';
import type { ErrorCode } from '#libs/errors/catalogue.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { FixedClock } from '#libs/kernel/clock.js';
import { LinkClient } from '#libs/link/link-client.js';
import { StreamedReply } from '#libs/link/link-reply.js';
import type { LinkRequest } from '#libs/link/link-request.js';
import { LinkServer } from '#libs/link/link-server.js';
import { aLinkPair } from '#libs/link/socket-pair.fixture.js';
import { makeIdentityKey, rawPublicKey } from '#libs/pki/keys.js';

const trustDomain = 'conduit.test';
const clock = new FixedClock(Date.parse('2026-03-04T00:00:00.000Z'));
let store: OpenedDatabase;
let folder: string;
let brokerLog: MemoryEventLog;
let count = 0;

beforeAll(async () => {
  store = await openMemoryStore();
  folder = mkdtempSync(join(tmpdir(), 'two-logs-'));
  brokerLog = new MemoryEventLog();
  await store.kysely.insertInto('practices').values({ practice_id: 'p', name: 'Zz' }).execute();
});
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

class PretendAgent {
  readonly agentId = `agent-${++count}`;
  readonly keys = makeIdentityKey();
  readonly events = new AgentEventLog();
  readonly state = join(folder, this.agentId);
  log!: AgentLog;
  journal!: FileJournal;
  crossing!: CrossCheckpoints;
  own!: ReadOwnLog;
  readonly trail = new StoredAuditTrail(store.kysely, clock, brokerLog);

  static async start(): Promise<PretendAgent> {
    const agent = new PretendAgent();
    const key = rawPublicKey(agent.keys.publicKey);
    await store.kysely
      .insertInto('agents')
      .values({
        ...{ agent_id: agent.agentId, practice_id: 'p', state: 'active', state_reason: null },
        ...{ identity_public_key: key, encryption_public_key: key, join_id: null },
        ...{ encryption_key_since: new Date(), instance_id: null, updated_at: new Date() },
      })
      .execute();
    await agent.open();
    return agent;
  }

  /** As the process starts, over what is in the folder. */
  async open(logKeys = makeIdentityKey()): Promise<void> {
    const origin = agentLogOrigin(trustDomain, this.agentId);
    this.log = await AgentLog.open(journalFolder(this.state), { origin, ...logKeys });
    this.journal = FileJournal.over(this.log, journalFolder(this.state), clock);
    const own = { sign: (bytes: Uint8Array) => sign(null, bytes, this.keys.privateKey) };
    const link = { attached: true, ask: this.ask };
    const parts = [own, this.log, this.journal, link, this.events];
    this.crossing = new CrossCheckpoints(
      ...(parts as unknown as ConstructorParameters<typeof CrossCheckpoints>),
    );
    const config = { stateFolder: this.state } as AgentConfig;
    this.own = new ReadOwnLog(config, this.log, this.journal, this.crossing, clock);
  }

  private readonly ask = (_: string, meta: object, body: Buffer): Promise<object> => {
    const keep = new KeepAgentLog(store.kysely, this.trail, { trustDomain } as never, clock);
    const broadcast = { publish: () => Promise.resolve() };
    const controller = new AgentLogsController(keep, broadcast as never, brokerLog);
    const peer = { agentId: this.agentId, practiceId: 'p' };
    return controller.publish({ meta, body } as never, { peer } as never);
  };

  /** The broker's end of a link to it. */
  linkUp(): LinkClient {
    const { dialler, listener } = aLinkPair();
    const server = new LinkServer();
    const answer = async (request: LinkRequest) => {
      const { body, end } = replyOf(await new OwnLogController(this.own).read(request));
      return new StreamedReply({ body: this.onTheWay(body), end: () => end });
    };
    server.addHandler(agentPatterns.readLog, answer as never);
    server.listen(() => undefined);
    server.attach(dialler, 'broker');
    return new LinkClient(listener);
  }

  onTheWay = (body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> => body;

  async act(times = 1): Promise<void> {
    for (let n = 0; n < times; n += 1) await this.journal.record({ type: 'access.paused' });
  }

  async leaves(): Promise<Partial<AuditRecord>[]> {
    const rows = await store.kysely.selectFrom('audit_records').select('record').execute();
    return rows
      .map(({ record }) => JSON.parse(record) as AuditRecord)
      .filter(({ type, agent }) => type === 'agent-log.checkpoint' && agent === this.agentId);
  }

  async alarms(kind: 'agent-log-alarm' | 'records-differ' = 'agent-log-alarm') {
    const rows = await store.kysely
      .selectFrom('agent_events')
      .select('cause')
      .where('agent_id', '=', this.agentId)
      .where('kind', '=', kind)
      .execute();
    return rows.map(({ cause }) => cause);
  }
}

const replyOf = (reply: StreamedReply) => ({
  body: reply.body as AsyncIterable<Buffer>,
  end: Promise.resolve(reply.end()),
});

describe("heads of an agent's log", () => {
  test('become leaves of the broker’s, one when something was done and none when nothing was', async () => {
    const agent = await PretendAgent.start();
    await agent.act(3);
    for (let n = 0; n < 3; n += 1) await agent.crossing.bring();
    await agent.act(300);
    await agent.crossing.bring();
    expect(await agent.leaves()).toMatchObject([{ logSize: 3 }, { logSize: 303, practice: 'p' }]);
    const { root } = agent.log.head!;
    expect((await agent.leaves())[1]).toMatchObject({ logRoot: root.toString('base64') });
    expect(await agent.alarms()).toEqual([]);
    await agent.journal.close();
  });

  test('are told at most once a minute', async () => {
    const agent = await PretendAgent.start();
    await agent.act();
    await agent.crossing.publish();
    await agent.act();
    await agent.crossing.publish();
    expect(await agent.leaves()).toMatchObject([{ logSize: 1 }]);
    await agent.journal.close();
  });

  test('that take back what was told, or come under another key, are refused and told of once', async () => {
    const stories: [string, (agent: PretendAgent) => Promise<void>][] = [
      ['roll-back', (agent) => agent.act(2)],
      ['fork', (agent) => agent.act(9)],
    ];
    for (const [alarm, rewrite] of stories) {
      const agent = await PretendAgent.start();
      const keys = makeIdentityKey();
      await agent.journal.close();
      await agent.open(keys);
      await agent.act(5);
      await agent.crossing.bring();
      await agent.journal.close();
      rmSync(agent.state, { recursive: true });
      await agent.open(keys);
      await rewrite(agent);
      for (let n = 0; n < 2; n += 1) expect(await agent.crossing.bring()).toBeUndefined();
      expect(agent.crossing.standing.refusedFor).toBe(alarm);
      expect(await agent.alarms()).toEqual([alarm]);
      expect(await agent.leaves()).toHaveLength(1);
      const fields = { agentId: agent.agentId, alarm };
      expect(brokerLog.lines).toContainEqual({ event: 'agent-log.contradicted', fields });
      await agent.journal.close();
    }
    const agent = await PretendAgent.start();
    await agent.act();
    await agent.crossing.bring();
    await agent.journal.close();
    await agent.open();
    await agent.act();
    expect(await agent.crossing.bring()).toBeUndefined();
    expect(await agent.alarms()).toEqual(['other-log']);
    await agent.journal.close();
  });

  test('are taken from a new beginning once somebody has settled it, and both heads stay', async () => {
    const agent = await PretendAgent.start();
    const keys = makeIdentityKey();
    await agent.journal.close();
    await agent.open(keys);
    await agent.act(5);
    const kept = (await agent.crossing.bring())?.signed;
    await agent.journal.close();
    rmSync(agent.state, { recursive: true });
    await agent.open(keys);
    await agent.act(2);
    expect(await agent.crossing.bring()).toBeUndefined();
    const other = agent.log.head?.signed;
    const asked: object[] = [];
    const stepUps = { require: async (_: object, action: object) => void asked.push(action) };
    const book = new LogAlarmBook(store.kysely, stepUps as never, agent.trail, clock);
    const { agentId } = agent;
    expect((await book.list(agentId)).open).toMatchObject([
      { about: 'agent-log', alarm: 'roll-back' },
    ]);
    const order = { about: 'agent-log', reason: 'Restored from a backup.', stepUp: {} } as never;
    await book.settle({ personId: 'officer' } as never, agentId, order);
    const told = { about: 'agent-log', reason: 'Restored from a backup.' } as const;
    expect(asked).toEqual([{ type: 'log-alarm.settle', agentId, ...told }]);
    expect(await book.list(agentId)).toMatchObject({
      open: [],
      settled: [{ ...told, alarm: 'roll-back', keptHead: kept, otherHead: other }],
    });
    expect((await agent.crossing.bring())?.size).toBe(2);
    expect(agent.crossing.standing.refusedFor).toBeUndefined();
    await expect(book.settle({} as never, agentId, order)).rejects.toMatchObject({
      code: 'ACT_NOT_POSSIBLE',
    });
    const record = await store.kysely
      .selectFrom('audit_records')
      .select('record')
      .where('type', '=', 'log-alarm.settled')
      .executeTakeFirstOrThrow();
    expect(JSON.parse(record.record)).toMatchObject({
      ...{ agent: agentId, practice: 'p', reason: 'agent-log', actorRef: 'officer' },
    });
    expect(record.record).not.toContain('backup');
    await agent.journal.close();
  });

  test('are nothing without the signature of the agent’s own identity', async () => {
    const [agent, other] = [await PretendAgent.start(), await PretendAgent.start()];
    await agent.act();
    Object.assign(agent.keys, other.keys);
    await expect(agent.crossing.bring()).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    expect(await agent.leaves()).toEqual([]);
    await agent.journal.close();
    await other.journal.close();
  });
});

describe("heads of the broker's log that were cosigned", () => {
  test('become records of the agent’s log, only after it did something, and at most once a minute', async () => {
    const agent = await PretendAgent.start();
    const cosignAt = async (nowMs: number): Promise<number> => {
      const before = agent.log.head?.size ?? 0;
      agent.crossing.cosigned({ size: 7, root: EMPTY_ROOT }, nowMs);
      await agent.journal.flush();
      await agent.log.settle();
      return (agent.log.head?.size ?? 0) - before;
    };
    expect(await cosignAt(0)).toBe(0);
    await agent.act();
    await agent.log.settle();
    const times: [number, number][] = [
      [1_000, 0],
      [1_000 + crossingTimes.settledMs, 1],
      [200_000, 0],
      [400_000, 0],
    ];
    for (const [atMs, records] of times) expect(await cosignAt(atMs)).toBe(records);
    await agent.journal.close();
  });
});

describe('holding both sides against each other', () => {
  const query = { type: 'query.executed', lane: 'immediate', mode: 'reader' } as const;
  const answered = { ...query, outcome: 'successful', integrator: 'i-1' } as const;
  const hourMs = 3_600_000;
  /** As long as the ids by which the broker finds its records. */
  const id = (name: string): string => name.padEnd(36, '-');
  let agent: PretendAgent;
  let site: string;

  beforeEach(async () => {
    agent = await PretendAgent.start();
    site = `site-of-${agent.agentId}`;
    await store.kysely
      .insertInto('sites')
      .values({
        ...{ site_id: site, practice_id: 'p', agent_id: agent.agentId, name: 'Zz', pms_type: 'x' },
        ...{ pms_site_id: site, pms_version: null, status: 'active', authoritative: true },
        ...{ catalogues: '[]', agent_version: null, updated_at: new Date() },
      } as never)
      .execute();
    clock.advance(24 * hourMs);
  });
  afterEach(() => agent.journal.close());

  const brokerSays = (more: Partial<AuditRecord>) =>
    agent.trail.record({ ...answered, practice: 'p', site, ...more });
  const agentSays = (more: Partial<AuditRecord>) =>
    agent.journal.record({ ...answered, practice: 'p', site, ...more });

  /** An hour later, of the hours before. */
  async function compare(link: LinkClient | 'none' = agent.linkUp()): Promise<ReconciliationEnd> {
    clock.advance(hourMs);
    const { kysely } = store;
    const hold = new HoldStep(new SiteRecords(kysely));
    const log = new ReadAgentLog(kysely, clock);
    const reconciliationId = `r-${count++}`;
    const [fromMs, toMs] = [clock.now() - 12 * hourMs, clock.now() - hourMs / 4];
    await kysely
      .insertInto('reconciliations')
      .values({
        ...{ reconciliation_id: reconciliationId, agent_id: agent.agentId, practice_id: 'p' },
        ...{ asked_by: null, asked_at: new Date(clock.now()) },
        ...{ window_from: new Date(fromMs), window_to: new Date(toMs) },
      })
      .execute();
    const order = { reconciliationId, agentId: agent.agentId, practiceId: 'p', askedBy: null };
    return new ReconcileAgent(kysely, log, hold, ending(), clock).execute(
      { ...order, fromMs, toMs },
      link === 'none' ? undefined : link,
    );
  }

  const ending = () => {
    const broadcast = { publish: () => Promise.resolve() };
    return new EndReconciliation(store.kysely, agent.trail, clock, brokerLog, broadcast as never);
  };

  const theBook = () =>
    new LogAlarmBook(store.kysely, { require: async () => undefined } as never, agent.trail, clock);

  const settle = () =>
    theBook().settle({ personId: 'officer' } as never, agent.agentId, {
      ...{ about: 'records', reason: 'A node was killed.', stepUp: {} as never },
    });

  const shown = (of: object = { agentId: agent.agentId }) => {
    const reading = new NoteReading(agent.trail, clock);
    return new ShowReconciliations(store.kysely, clock, reading).execute(of as never, 'officer');
  };

  test('finds that they agree', async () => {
    for (const queryId of ['q-1', 'q-2'].map(id)) {
      await brokerSays({ queryId });
      await agentSays({ queryId });
    }
    expect(await compare()).toEqual({ outcome: 'agrees', found: 0 });
    const { runs, incidents } = await shown();
    expect(runs).toMatchObject([{ outcome: 'agrees', matched: 2, mismatched: 0, byNight: true }]);
    expect(incidents).toEqual([]);
  });

  test('is shown to nobody of whom it is not recorded', async () => {
    expect(await shown({ agentId: 'no-agent' })).toEqual({ runs: [], incidents: [] });
    await shown();
    await shown({ practiceId: 'p' });
    const { rows } = await sql<{ record: string }>`select record from audit_records
      where type = 'activity.read' order by seq desc limit 2`.execute(store.kysely);
    const told = { type: 'activity.read', practice: 'p', actorRef: 'officer' };
    expect(rows.map(({ record }) => JSON.parse(record) as AuditRecord)).toMatchObject([
      { ...told, filter: 'reconciliations=all' },
      { ...told, filter: `reconciliations=${agent.agentId}` },
    ]);
    const unavailable = () => Promise.reject(new ConduitError('AUDIT_UNAVAILABLE'));
    Object.assign(agent.trail, { record: unavailable });
    await expect(shown()).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
  });

  test('makes incidents with both records of a hidden dispatch, a phantom, and another story; once', async () => {
    await agentSays({ queryId: id('hidden') });
    await brokerSays({ queryId: id('never-ran') });
    await brokerSays({ queryId: id('other') });
    await agentSays({ queryId: id('other'), integrator: 'i-2' });
    expect(await compare()).toEqual({ outcome: 'differs', found: 3 });
    expect(await compare()).toEqual({ outcome: 'differs', found: 0 });
    const { incidents } = await shown();
    const told = incidents.map((one) => [one.queryId, one.kind, !!one.broker, !!one.agent]);
    expect(told.sort()).toEqual([
      [id('hidden'), 'executed-not-dispatched', false, true],
      [id('never-ran'), 'dispatched-not-executed', true, false],
      [id('other'), 'differs', true, true],
    ]);
    const open = () => theBook().list(agent.agentId);
    expect((await open()).open).toMatchObject([
      { about: 'records', alarm: 'records-differ', incidents: 3 },
    ]);
    await settle();
    expect(await open()).toMatchObject({ open: [], settled: [{ incidents: 3 }] });
    expect((await shown()).incidents.every(({ settledAt }) => settledAt)).toBe(true);
    expect(await compare()).toEqual({ outcome: 'differs', found: 0 });
    expect((await open()).open).toEqual([]);
    const before = new Map((await shown()).incidents.map((one) => [one.queryId, one.settledAt]));
    await agentSays({ queryId: id('hidden-later') });
    expect(await compare()).toEqual({ outcome: 'differs', found: 1 });
    await settle();
    for (const { queryId, settledAt } of (await shown()).incidents.slice(1))
      expect(settledAt).toBe(before.get(queryId));
    const other = incidents.find(({ queryId }) => queryId === id('other'));
    expect(other?.fields).toEqual(['integrator']);
    expect(JSON.parse(other?.agent?.record ?? '')).toMatchObject({ integrator: 'i-2' });
  });

  test('finds a registered query that it passed on unseen, by its being taken in and by its runs', async () => {
    const standing = { lane: 'registered', type: 'registered.created' } as const;
    await brokerSays({ ...standing, queryId: id('standing') });
    for (const queryId of ['standing', 'hidden-standing'].map(id)) {
      await agentSays({ ...standing, queryId });
      await agentSays({ lane: 'registered', queryId });
    }
    // Each of an agent's queries is an incident once.
    expect(await compare()).toEqual({ outcome: 'differs', found: 1 });
    const { incidents, runs } = await shown();
    expect(incidents.map(({ kind, queryId }) => [kind, queryId])).toEqual([
      ['executed-not-dispatched', id('hidden-standing')],
    ]);
    expect(runs).toMatchObject([{ matched: 1, mismatched: 2 }]);
  });

  test('compares what became of writes', async () => {
    const asked = { type: 'write.found', lane: undefined, mode: undefined } as never;
    const askedAs = { ...(asked as object), requestId: 'of-the-caller', reason: 'applied' };
    for (const name of ['both', 'never-asked']) await brokerSays({ ...askedAs, queryId: id(name) });
    const noted = (name: string) => ({ ...askedAs, queryId: undefined, requestId: id(name) });
    for (const name of ['both', 'hidden']) await agentSays(noted(name) as never);
    expect(await compare()).toEqual({ outcome: 'differs', found: 2 });
    const { incidents, runs } = await shown();
    expect(runs[0]).toMatchObject({ matched: 1, mismatched: 2 });
    expect(incidents.map(({ kind, queryId }) => [queryId, kind]).sort()).toEqual([
      [id('hidden'), 'executed-not-dispatched'],
      [id('never-asked'), 'dispatched-not-executed'],
    ]);
  });

  test('goes through more records than one step may have, and finds the one that is hidden', async () => {
    const usual = stepLimits.records;
    stepLimits.records = 3;
    try {
      for (let hour = 0; hour < 10; hour += 1) {
        const queryId = id(`q-${hour}`);
        if (hour !== 7) await brokerSays({ queryId });
        await agentSays({ queryId });
        clock.advance(hourMs);
      }
      expect(await compare()).toEqual({ outcome: 'differs', found: 1 });
      const { incidents, runs } = await shown();
      expect(incidents.map(({ queryId }) => queryId)).toEqual([id('q-7')]);
      expect(runs).toMatchObject([{ matched: 9, undelivered: 0, pending: 0 }]);
    } finally {
      stepLimits.records = usual;
    }
  });

  test('does not call it agreement when there was more than could be held', async () => {
    const usual = { ...stepLimits };
    Object.assign(stepLimits, { records: 3, mostRecords: 4 });
    try {
      for (let n = 0; n < 6; n += 1) {
        await brokerSays({ queryId: id(`q-${n}`) });
        await agentSays({ queryId: id(`q-${n}`) });
      }
      expect(await compare()).toEqual({ outcome: 'unfinished', found: 0 });
      expect((await shown()).runs).toMatchObject([{ outcome: 'unfinished', mismatched: 0 }]);
    } finally {
      Object.assign(stepLimits, usual);
    }
  });

  test('reads the broker’s records a page at a time, each once', async () => {
    for (let n = 0; n < 7; n += 1) await brokerSays({ queryId: id(`q-${n}`) });
    await brokerSays({ queryId: id('elsewhere'), site: 'another-site' });
    const span = { fromMs: clock.now(), toMs: clock.now() + 1 };
    const pages: number[] = [];
    const found = new Set<string>();
    const records = new SiteRecords(store.kysely);
    for await (const page of records.of(agent.agentId, span, { pageRecords: 3 })) {
      pages.push(page.length);
      for (const { text } of page) found.add(text);
    }
    expect([pages, found.size]).toEqual([[3, 3, 1], 7]);
  });

  const refusing = (code: ErrorCode) =>
    ({ request: () => Promise.reject(new ConduitError(code)) }) as unknown as LinkClient;

  test('makes none of an agent that is offline, or has run nothing and shows no log', async () => {
    const unknown = { outcome: 'unknown', found: 0 };
    for (const code of ['LINK_PATTERN_UNKNOWN', 'JOURNAL_UNAVAILABLE'] as const)
      expect(await compare(refusing(code))).toEqual(unknown);
    await brokerSays({ queryId: id('q-1') });
    for (const link of ['none', refusing('LINK_CLOSED'), refusing('EXECUTION_TIMEOUT')] as const)
      expect(await compare(link)).toEqual(unknown);
    expect((await shown()).incidents).toEqual([]);
    expect((await theBook().list(agent.agentId)).open).toEqual([]);
    const failing = { request: () => Promise.reject(new Error('of the store')) };
    await expect(compare(failing as unknown as LinkClient)).rejects.toThrow('of the store');
  });

  test.each<[string, () => Promise<unknown>, ErrorCode]>([
    ['ran queries', () => brokerSays({ queryId: id('q-1') }), 'LINK_PATTERN_UNKNOWN'],
    ['told of a log', () => agent.act().then(() => agent.crossing.bring()), 'JOURNAL_UNAVAILABLE'],
  ])('alarms once when an agent that %s is there and shows no log', async (_, before, code) => {
    await before();
    const unproven = { outcome: 'unproven', found: 0 };
    const told = () => brokerLog.lines.filter(({ event }) => event === 'audit.mismatched').length;
    const toldBefore = told();
    for (let night = 0; night < 2; night += 1)
      expect(await compare(refusing(code))).toEqual(unproven);
    expect(await agent.alarms('records-differ')).toEqual(['unproven']);
    expect(told() - toldBefore).toBe(1);
    const open = async () => (await theBook().list(agent.agentId)).open;
    expect(await open()).toEqual([
      { about: 'records', alarm: 'records-unproven', since: expect.any(String) },
    ]);
    await settle();
    expect(await open()).toEqual([]);
    await expect(settle()).rejects.toMatchObject({ code: 'ACT_NOT_POSSIBLE' });
    expect(await compare(refusing(code))).toEqual(unproven);
    expect(await open()).toHaveLength(1);
  });

  test('does not alarm anew where the broker takes no head of the agent’s log', async () => {
    await agent.act();
    await agent.crossing.bring();
    const alarm = { alarm: 'fork', alarmed_at: new Date(clock.now()) } as const;
    await store.kysely.updateTable('agent_logs').set(alarm).execute();
    expect(await compare(refusing('JOURNAL_UNAVAILABLE'))).toMatchObject({ outcome: 'unknown' });
    await store.kysely.updateTable('agent_logs').set({ alarm: null }).execute();
  });

  test('alarms when an agent ran queries and could not be asked for three nights', async () => {
    const nights = new NoteMissedNights(
      store.kysely,
      new HoldStep(new SiteRecords(store.kysely)),
      ending(),
      clock,
    );
    const open = async () => {
      await nights.execute(agent.agentId);
      return (await theBook().list(agent.agentId)).open;
    };
    const aNight = async () => {
      clock.advance(24 * hourMs);
      await compare(refusing('EXECUTION_TIMEOUT'));
    };
    await brokerSays({ queryId: id('before') });
    for (let night = 0; night < 3; night += 1) await aNight();
    // Off since the first of them: that it is offline was told of.
    expect(await open()).toEqual([]);
    await brokerSays({ queryId: id('between') });
    expect(await open()).toEqual([]);
    // That it is never done tells as little.
    await store.kysely.updateTable('reconciliations').set({ outcome: 'unfinished' }).execute();
    await aNight();
    expect(await open()).toMatchObject([{ alarm: 'records-unproven' }]);
    await settle();
    expect(await open()).toEqual([]);
    expect(await agent.alarms('records-differ')).toEqual(['unproven']);
    expect((await shown()).runs.map(({ outcome }) => outcome)).toContain('unproven');
  });

  test('says of what was too long ago to be asked for that it was not compared, once', async () => {
    for (const name of ['before', 'after', 'later']) {
      await brokerSays({ queryId: id(name) });
      await agentSays({ queryId: id(name) });
      expect(await compare()).toEqual({ outcome: 'agrees', found: 0 });
      if (name === 'before') clock.advance(40 * 24 * hourMs);
    }
    const { runs } = await shown();
    const told = runs
      .filter(({ outcome }) => outcome === 'agrees')
      .map(({ from, to }) => [from, to]);
    const gaps = runs.filter(({ outcome }) => outcome === 'unfinished');
    const [, after, before] = told.sort().reverse();
    expect(gaps).toMatchObject([{ from: before?.[1], to: after?.[0], byNight: true, matched: 0 }]);
    const { records } = await store.kysely
      .selectFrom('audit_records')
      .select(({ fn }) => fn.countAll().as('records'))
      .where('type', '=', 'audit.reconciled')
      .where('record', 'like', `%"agent":"${agent.agentId}"%"reason":"unfinished"%`)
      .executeTakeFirstOrThrow();
    expect(Number(records)).toBe(1);
  });

  test('asks of each agent what ran while it had the site, after the server was enrolled anew', async () => {
    const takes = async ({ agentId }: PretendAgent) => {
      const since = new Date(clock.now());
      await store.kysely
        .insertInto('site_holders')
        .values({ site_id: site, agent_id: agentId, since })
        .execute();
      const taken = store.kysely.updateTable('sites').set({ agent_id: agentId });
      await taken.where('site_id', '=', site).execute();
    };
    const ran = async (queryId: string) => {
      await brokerSays({ queryId });
      await agentSays({ queryId });
    };
    const former = agent;
    await takes(former);
    await ran(id('former'));
    clock.advance(hourMs);
    agent = await PretendAgent.start();
    await takes(agent);
    await brokerSays({ queryId: id('at-hand-over') });
    clock.advance(hourMs);
    await ran(id('now'));
    expect(await compare()).toEqual({ outcome: 'agrees', found: 0 });
    const next = agent;
    try {
      agent = former;
      expect(await compare()).toEqual({ outcome: 'agrees', found: 0 });
      expect((await shown()).runs).toMatchObject([{ matched: 1 }]);
      await agentSays({ queryId: id('late') });
      expect(await compare()).toEqual({ outcome: 'differs', found: 1 });
      agent = next;
      await brokerSays({ queryId: id('never-ran') });
      expect(await compare()).toEqual({ outcome: 'differs', found: 1 });
      expect((await shown()).incidents).toMatchObject([{ queryId: id('never-ran') }]);
    } finally {
      await former.journal.close();
    }
  });

  test('believes an answer during which the agent told of its next head', async () => {
    await brokerSays({ queryId: id('q-1') });
    await agentSays({ queryId: id('q-1') });
    const { agentId } = agent;
    agent.onTheWay = async function* (body) {
      yield* body;
      await agent.act();
      await agent.crossing.bring();
    };
    for (const size of [2, 3]) {
      expect(await compare()).toEqual({ outcome: 'agrees', found: 0 });
      const kept = store.kysely.selectFrom('agent_logs').where('agent_id', '=', agentId);
      expect(await kept.select('size').executeTakeFirst()).toEqual({ size: String(size) });
    }
  });

  test('believes nothing that stands in an older head than the one it knew when it asked', async () => {
    await agentSays({ queryId: id('q-1') });
    const older = await agent.crossing.bring();
    await agentSays({ queryId: id('hidden') });
    await agent.crossing.bring();
    const { own, log } = agent;
    const prove: ReadOwnLog['prove'] = async () => {
      const { size } = older!;
      return { head: older!, proof: await proveRange({ from: 0, to: 1 }, size, log.nodesOf(size)) };
    };
    const read: ReadOwnLog['read'] = async (span) => {
      const said = await own.read(span);
      return { ...said, records: said.records.slice(0, 1) };
    };
    agent.own = { read, prove } as ReadOwnLog;
    expect(await compare()).toEqual({ outcome: 'unproven', found: 0 });
  });

  test.each<[string, (text: string) => string]>([
    ['leaves one out', (text) => text.split('\n').toSpliced(1, 1).join('\n')],
    ['changes one', (text) => text.replace('"integrator":"i-1"', '"integrator":"i-9"')],
    ['says one more', (text) => `${text}{"ts":"2026-03-04T00:00:00Z","type":"query.executed"}\n`],
  ])('believes nothing of an answer that %s', async (_, spoil) => {
    for (const queryId of ['q-1', 'q-2', 'q-3'].map(id)) {
      await brokerSays({ queryId });
      await agentSays({ queryId });
    }
    agent.onTheWay = async function* (body) {
      const parts: Uint8Array[] = [];
      for await (const part of body) parts.push(part);
      yield Buffer.from(spoil(Buffer.concat(parts).toString()));
    };
    expect(await compare()).toEqual({ outcome: 'unproven', found: 0 });
  });

  test('finds a broker that hides a dispatch at the practice, and believes it only what its log proves', async () => {
    const standing = { lane: 'registered', type: 'registered.created' } as const;
    await brokerSays({ ...standing, queryId: id('standing') });
    clock.advance(72 * hourMs);
    await brokerSays({ queryId: id('q-1') });
    for (const queryId of ['q-1', 'hidden'].map(id)) await agentSays({ queryId });
    // Taken in before this server noted that; and one that the broker never recorded.
    await agentSays({ lane: 'registered', queryId: id('standing') });
    await agentSays({ ...standing, queryId: id('hidden-standing') });
    for (let run = 0; run < 2; run += 1)
      await agentSays({ lane: 'registered', queryId: id('hidden-standing') });
    const key = new LogKey('conduit.test/audit', Buffer.alloc(32, 5));
    await new SequenceRecords(store.kysely, key, clock).execute();
    const { size, root } = await store.kysely
      .selectFrom('audit_log')
      .select(['size', 'root'])
      .executeTakeFirstOrThrow();
    const read = new ReadLog(store.kysely, new LogTiles(store.kysely), clock);
    const controller = new SiteRecordsController(new SiteRecords(store.kysely), read);
    const peer = { agentId: agent.agentId };
    let isOlder = false;
    const link = {
      request: async (pattern: string, meta: object) => {
        const asked = [{ meta }, { peer }] as [never, never];
        if (pattern === brokerPatterns.readOwnRecords)
          return replyOf(await controller.read(...asked));
        if (isOlder) throw new ConduitError('LINK_PATTERN_UNKNOWN');
        return replyOf(await controller.readStanding(...asked));
      },
    };
    const look = (head: object) => {
      const here = new ReconcileHere(agent.own, { record: head } as never, link as never, clock);
      return here.execute({ fromMs: clock.now() - 9 * hourMs, toMs: clock.now() });
    };
    clock.advance(hourMs);
    const head = { size: Number(size), root: root.toString('base64') };
    const found = await look(head);
    expect(found).toMatchObject({ matched: 2, pending: 0, untold: 0, size: head.size });
    const differing = found.mismatches.map(({ kind, queryId }) => [kind, queryId]);
    expect(differing.sort()).toEqual([
      ['executed-not-dispatched', id('hidden')],
      ['executed-not-dispatched', id('hidden-standing')],
      ['executed-not-dispatched', id('hidden-standing')],
      ['executed-not-dispatched', id('hidden-standing')],
    ]);
    isOlder = true;
    expect(await look(head)).toMatchObject({ matched: 1, untold: 4, mismatches: [{}] });
    const wrong = { ...head, root: Buffer.alloc(32).toString('base64') };
    for (const bad of [wrong, { ...head, alarm: {} }, { ...head, size: 0 }])
      await expect(look(bad)).rejects.toMatchObject({ code: 'AUDIT_UNPROVEN' });
  });
});
