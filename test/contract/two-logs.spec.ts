/**
 * The agent's log and the broker's, tied to each other: heads go both ways, and neither side can take
 * anything back that the other has seen.
 */
import { sign } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { AgentLog } from '#apps/agent/src/journal/agent-log.js';
import { FileJournal } from '#apps/agent/src/journal/file-journal.js';
import { MemoryEventLog as AgentEventLog } from '#apps/agent/src/logging/event-log.js';
import { CrossCheckpoints, crossingTimes } from '#apps/agent/src/witness/cross-checkpoints.js';
import { StoredAuditTrail } from '#apps/broker/src/audit/audit-trail.postgres.js';
import { MemoryEventLog } from '#apps/broker/src/logging/event-log.js';
import { AgentLogsController } from '#apps/broker/src/witnesses/agent-logs.controller.js';
import { KeepAgentLog } from '#apps/broker/src/witnesses/keep-agent-log.js';
import { agentLogOrigin } from '#libs/audit/agent-log-key.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import { EMPTY_ROOT } from '#libs/audit/tree-hash.js';
import { openMemoryStore } from '#libs/db/empty-store.fixture.js';
import type { OpenedDatabase } from '#libs/db/open-database.js';
import { FixedClock } from '#libs/kernel/clock.js';
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
  private readonly trail = new StoredAuditTrail(store.kysely, clock, brokerLog);

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
    this.log = await AgentLog.open(this.state, { origin, ...logKeys });
    this.journal = FileJournal.over(this.log, this.state, clock);
    const own = { sign: (bytes: Uint8Array) => sign(null, bytes, this.keys.privateKey) };
    const link = { attached: true, ask: this.ask };
    const parts = [own, this.log, this.journal, link, this.events];
    this.crossing = new CrossCheckpoints(
      ...(parts as unknown as ConstructorParameters<typeof CrossCheckpoints>),
    );
  }

  private readonly ask = (_: string, meta: object, body: Buffer): Promise<object> => {
    const keep = new KeepAgentLog(store.kysely, this.trail, { trustDomain } as never, clock);
    const broadcast = { publish: () => Promise.resolve() };
    const controller = new AgentLogsController(keep, broadcast as never, brokerLog);
    const peer = { agentId: this.agentId, practiceId: 'p' };
    return controller.publish({ meta, body } as never, { peer } as never);
  };

  async act(times = 1): Promise<void> {
    for (let n = 0; n < times; n += 1) await this.journal.record({ type: 'access.paused' });
  }

  async leaves(): Promise<Partial<AuditRecord>[]> {
    const rows = await store.kysely.selectFrom('audit_records').select('record').execute();
    return rows
      .map(({ record }) => JSON.parse(record) as AuditRecord)
      .filter(({ type, agent }) => type === 'agent-log.checkpoint' && agent === this.agentId);
  }

  async alarms(): Promise<(string | null)[]> {
    const rows = await store.kysely
      .selectFrom('agent_events')
      .select('cause')
      .where('agent_id', '=', this.agentId)
      .where('kind', '=', 'agent-log-alarm')
      .execute();
    return rows.map(({ cause }) => cause);
  }
}

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
      expect(agent.crossing.refusedFor).toBe(alarm);
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
