/** States, alerts and notices over a store and a clock that stands still: each trouble is told once. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { MemoryBroadcast } from '#apps/broker/src/broadcast/broadcast.memory.js';
import type { AlertMail } from '#apps/broker/src/fleet/alert-mail.js';
import type { AlertWebhook } from '#apps/broker/src/fleet/alert-webhook.js';
import type { AlertWord, NoticeOutcome } from '#apps/broker/src/fleet/alert-words.js';
import { fleetKept, PurgeFleet } from '#apps/broker/src/fleet/purge-fleet.js';
import { ReviewAlerts, SAME_ALERT_MS } from '#apps/broker/src/fleet/review-alerts.js';
import { ReviewStates } from '#apps/broker/src/fleet/review-states.js';
import { SendNotices } from '#apps/broker/src/fleet/send-notices.js';
import { MemoryEventLog } from '#apps/broker/src/logging/event-log.js';
import { noteAlarm } from '#apps/broker/src/witnesses/note-witness.js';
import { openMemoryStore } from '#libs/db/empty-store.fixture.js';
import type { OpenedDatabase } from '#libs/db/open-database.js';
import { FixedClock } from '#libs/kernel/clock.js';

const MINUTE = 60_000;
const START = Date.parse('2026-05-04T02:00:00Z');

let store: OpenedDatabase;
let clock: FixedClock;
let sent: { to: string; words: AlertWord[] }[];
let outcome: NoticeOutcome;

beforeAll(async () => {
  store = await openMemoryStore();
  await store.kysely
    .insertInto('practices')
    .values({ practice_id: 'practice-1', name: 'Zz Practice' })
    .execute();
});
afterAll(() => store.close());

beforeEach(async () => {
  clock = new FixedClock(START);
  sent = [];
  outcome = 'sent';
  for (const table of ['alerts', 'agent_events', 'sites', 'agents'] as const) {
    await store.kysely.deleteFrom(table).execute();
  }
  await store.kysely
    .updateTable('alert_rules')
    .set({ emails: JSON.stringify(['ops@example.com']) })
    .where('rule_id', '=', 'agent-unreachable')
    .execute();
});

async function anAgent(agentId: string): Promise<void> {
  const now = new Date(clock.now());
  const keys = {
    identity_public_key: Buffer.from(agentId),
    encryption_public_key: Buffer.alloc(32),
  };
  await store.kysely
    .insertInto('agents')
    .values({
      ...{ agent_id: agentId, practice_id: 'practice-1', state: 'active', ...keys },
      ...{ encryption_key_since: now, updated_at: now },
    })
    .execute();
  await hear(agentId);
}

const hear = (agentId: string) =>
  store.kysely
    .updateTable('agent_health')
    .set({
      ...{ heard_at: new Date(clock.now()), probed_at: new Date(clock.now()), database: 'ok' },
    })
    .where('agent_id', '=', agentId)
    .execute();

/** What one node does at a look. */
function aNode() {
  const broadcast = new MemoryBroadcast();
  const told: string[] = [];
  broadcast.subscribe('fleet.changed', (id) => void told.push(id));
  const states = new ReviewStates(store.kysely, broadcast, clock);
  const alerts = new ReviewAlerts(store.kysely, broadcast, clock);
  const send = (to: string, words: readonly AlertWord[]): Promise<NoticeOutcome> => {
    sent.push({ to, words: [...words] });
    return Promise.resolve(outcome);
  };
  const mail = { send, sendToOwner: send } as unknown as AlertMail;
  const webhook = { send } as unknown as AlertWebhook;
  const notices = new SendNotices(store.kysely, mail, webhook, clock, new MemoryEventLog());
  const look = async (isSure = true): Promise<void> => {
    await alerts.execute(await states.execute(isSure));
    await notices.execute();
  };
  return { look, told };
}

const openAlerts = async () =>
  (await store.kysely.selectFrom('alerts').selectAll().execute()).filter((one) => !one.closed_at);
const eventsOf = (agentId: string) =>
  store.kysely
    .selectFrom('agent_events')
    .select(['state', 'cause'])
    .where('agent_id', '=', agentId)
    .orderBy('event_id')
    .execute();

describe('the review of states', () => {
  test('writes each change once into the timeline, whatever the number of nodes', async () => {
    await anAgent('one');
    const nodes = [aNode(), aNode()];
    await Promise.all(nodes.map(({ look }) => look()));
    clock.advance(3 * MINUTE);
    await Promise.all(nodes.map(({ look }) => look()));
    await nodes[0]!.look();
    expect(await eventsOf('one')).toEqual([
      { state: 'online', cause: 'healthy' },
      { state: 'unreachable', cause: 'silent' },
    ]);
    expect(nodes.flatMap(({ told }) => told)).toEqual(['one', 'one']);
  });

  test('makes nobody unreachable while nobody could be heard', async () => {
    await anAgent('one');
    const { look } = aNode();
    await look();
    clock.advance(10 * MINUTE);
    await look(false);
    expect(await eventsOf('one')).toHaveLength(1);
    await look(true);
    expect(await eventsOf('one')).toHaveLength(2);
  });
});

describe('the review of alerts', () => {
  async function away(look: () => Promise<void>, minutes: number): Promise<void> {
    clock.advance(minutes * MINUTE);
    await look();
  }

  test('opens one alert after the rule’s time and tells of it once', async () => {
    await anAgent('one');
    const nodes = [aNode(), aNode()];
    const look = async () => {
      await Promise.all(nodes.map((node) => node.look()));
    };
    await look();
    await away(look, 3);
    await away(look, 9);
    expect(await openAlerts()).toEqual([]);
    await away(look, 1);
    await away(look, 1);
    expect(await openAlerts()).toMatchObject([{ agent_id: 'one', cause: 'silent', times: 1 }]);
    expect(sent).toMatchObject([{ to: 'ops@example.com', words: [{ what: 'opened' }] }]);
  });

  test('takes what comes back within ten minutes for the same alert, and tells nobody again', async () => {
    await anAgent('one');
    const { look } = aNode();
    await look();
    await away(look, 3);
    await away(look, 11);
    await hear('one');
    await look();
    expect(await openAlerts()).toEqual([]);
    // Away again at once: the rule's ten minutes are over when it has been closed for less.
    await store.kysely
      .updateTable('alert_rules')
      .set({ after_seconds: 60 })
      .where('rule_id', '=', 'agent-unreachable')
      .execute();
    await away(look, 3);
    await away(look, 2);
    expect(await openAlerts()).toMatchObject([{ times: 2 }]);
    expect(sent).toHaveLength(1);
    await hear('one');
    await look();
    clock.advance(SAME_ALERT_MS);
    await hear('one');
    await look();
    expect(sent).toHaveLength(2);
    expect(sent[1]).toMatchObject({ words: [{ what: 'closed' }] });
    await store.kysely
      .updateTable('alert_rules')
      .set({ after_seconds: 600 })
      .where('rule_id', '=', 'agent-unreachable')
      .execute();
  });

  test('tells of an outage of many in one message', async () => {
    for (let n = 0; n < 30; n += 1) await anAgent(`many-${n}`);
    const { look } = aNode();
    await look();
    await away(look, 3);
    await away(look, 11);
    expect(await openAlerts()).toHaveLength(30);
    expect(sent).toHaveLength(1);
    expect(sent[0]!.words).toHaveLength(30);
  });

  test('sends again later what could not be sent, and gives up what never can be', async () => {
    await anAgent('one');
    const { look } = aNode();
    await look();
    await away(look, 3);
    outcome = 'later';
    await away(look, 11);
    await look();
    expect(sent).toHaveLength(1);
    await away(look, 2);
    expect(sent).toHaveLength(2);
    outcome = 'never';
    await away(look, 5);
    await away(look, 60);
    expect(sent).toHaveLength(3);
  });

  test('keeps the hours of the agent’s sites', async () => {
    await anAgent('one');
    await store.kysely
      .insertInto('sites')
      .values({
        ...{ site_id: 'site-1', practice_id: 'practice-1', agent_id: 'one', name: 'Zz Site' },
        ...{ pms_type: 'Sandbox', pms_site_id: 'ZZ1', status: 'active', authoritative: true },
        ...{ catalogues: JSON.stringify([]), updated_at: new Date(START) },
      })
      .execute();
    const windows = JSON.stringify([{ days: [1, 2, 3, 4, 5], from: '08:00', to: '12:30' }]);
    const hours = { site_id: 'site-1', time_zone: 'Australia/Sydney', windows };
    await store.kysely
      .insertInto('site_hours')
      .values({ ...hours, updated_at: new Date(START) })
      .execute();
    const { look } = aNode();
    await look();
    // It closes half an hour after the test begins, at noon.
    clock.advance(29 * MINUTE);
    await hear('one');
    await look();
    await away(look, 3);
    await away(look, 60);
    expect(await openAlerts()).toEqual([]);
    clock.advance(Date.parse('2026-05-04T22:00:00Z') - clock.now());
    await look();
    expect(await openAlerts()).toEqual([]);
    await away(look, 10);
    expect(await openAlerts()).toHaveLength(1);
  });
});

test('what the logs find wrong is told at once and once, with its oldest word, until it is settled', async () => {
  for (const agentId of ['one', 'two']) await anAgent(agentId);
  await store.kysely
    .updateTable('alert_rules')
    .set({ emails: JSON.stringify(['security@example.com']) })
    .where('rule_id', '=', 'log-contradicted')
    .execute();
  const since = (minutes: number) => new Date(START - minutes * MINUTE);
  await noteAlarm(store.kysely, { agentId: 'one', alarm: 'roll-back', at: since(9) });
  const log = { verifier_key: 'k', key_signature: Buffer.alloc(1), root: Buffer.alloc(32) };
  await store.kysely
    .insertInto('agent_logs')
    .values({
      ...{ ...log, agent_id: 'one', size: 1, signed: 's', said_at: since(9) },
      ...{ alarm: 'fork', alarmed_at: since(5) },
    })
    .execute();
  const nodes = [aNode(), aNode()];
  for (let n = 0; n < 2; n += 1) await Promise.all(nodes.map(({ look }) => look()));
  const found = { rule_id: 'log-contradicted', agent_id: 'one', cause: 'roll-back' };
  expect(await openAlerts()).toMatchObject([found]);
  expect(sent.map(({ to, words }) => [to, words.length])).toEqual([['security@example.com', 1]]);
  const settled = { settled_at: new Date(clock.now()) };
  await store.kysely.updateTable('audit_witnesses').set(settled).execute();
  await nodes[0]!.look();
  expect(await openAlerts()).toHaveLength(1);
  await store.kysely.updateTable('agent_logs').set({ alarm: null }).execute();
  await nodes[0]!.look();
  expect(await openAlerts()).toEqual([]);
  // What is found wrong anew was not settled.
  await noteAlarm(store.kysely, { agentId: 'one', alarm: 'fork', at: new Date(clock.now()) });
  await nodes[0]!.look();
  expect(await openAlerts()).toHaveLength(1);
});

test('timelines keep a thousand entries', async () => {
  await anAgent('one');
  const event = (at: number) => ({
    ...{ agent_id: 'one', at: new Date(at), kind: 'joined' as const },
    ...{ state: null, cause: null, actor_ref: null },
  });
  const many = Array.from({ length: fleetKept.eventsEach + 50 }, () => event(START));
  await store.kysely.insertInto('agent_events').values(many).execute();
  await new PurgeFleet(store.kysely).execute();
  const left = await store.kysely.selectFrom('agent_events').select('at').execute();
  expect(left).toHaveLength(fleetKept.eventsEach);
});
