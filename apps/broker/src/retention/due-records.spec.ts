/** Records of every kind, as the store has them: what is due goes, what is young or still open stays, and so does what is held. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { heldKeys } from '#apps/broker/src/retention/held-keys.js';
import { DAY_MS } from '#apps/broker/src/retention/plan-destructions.js';
import { confirmed, RetentionRoom } from '#apps/broker/src/retention/retention-room.fixture.js';
import { retentionSchedule } from '#apps/broker/src/retention/retention-schedule.js';
import { retentionKinds, type RetentionKind } from '#libs/console-api/retention.js';
import type { Database } from '#libs/db/schema.js';

let room: RetentionRoom;
const integratorId = 'integrator-1';
beforeAll(async () => {
  room = await RetentionRoom.open();
  const { kysely } = room;
  await kysely
    .insertInto('webhook_endpoints')
    .values({
      ...{ webhook_id: 'hook', integrator_id: integratorId, url: 'https://zz.example' },
      ...{ events: '[]', site_ids: '[]', signature: 'standard', sealed_secret: Buffer.alloc(1) },
      ...{ public_key: 'zz', previous_sealed_secret: null, previous_public_key: null },
      ...{ previous_until: null, pause_reason: null, paused_at: null, failing_since: null },
      ...{ country: null, updated_at: new Date() },
    })
    .execute();
});
afterAll(() => room.close());

const id = () => randomUUID();
const tenant = { practice_id: 'practice-1', integrator_id: 'integrator-1', site_id: 'site-1' };

/** One record whose days begin at that moment; `isOpen`: it can't go, however old. */
type Put = (at: Date, isOpen?: boolean) => Promise<unknown>;

const into = <T extends keyof Database>(table: T, row: object) =>
  room.kysely
    .insertInto(table)
    .values(row as never)
    .execute();

function aReconciliation(at: Date, mismatched: number, isOpen = false): Promise<unknown> {
  return into('reconciliations', {
    ...{ reconciliation_id: id(), agent_id: 'agent-1', practice_id: 'practice-1', asked_by: null },
    ...{ asked_at: at, window_from: at, window_to: at, ended_at: isOpen ? null : at },
    ...{ outcome: mismatched > 0 ? 'differs' : 'agrees', mismatched },
  });
}

const puts: Record<RetentionKind, { table: keyof Database; put: Put }> = {
  'audit-record': {
    table: 'audit_records',
    put: async (at, isOpen) => {
      room.clock.advance(at.getTime() - room.clock.now());
      await room.note();
      if (!isOpen) await room.sequenced();
    },
  },
  'person-name': {
    table: 'people',
    put: async (at, isOpen) => {
      room.clock.advance(at.getTime() - room.clock.now());
      await room.aPerson('Zz Somebody', 'practice-1', isOpen);
    },
  },
  'contact-name': {
    table: 'integrator_declarations',
    put: async (at, isOpen) => {
      const row = { integrator_id: integratorId, declared_by: 'zz', fields: '[]' };
      const declaration = JSON.stringify({ name: 'Zz', contactEmail: 'zz@example.com' });
      await into('integrator_declarations', { ...row, declared_at: at, declaration });
      if (!isOpen)
        await into('integrator_declarations', { ...row, declared_at: at, declaration: '{}' });
    },
  },
  'privacy-request': {
    table: 'privacy_requests',
    put: (at, isOpen) =>
      into('privacy_requests', {
        ...{
          privacy_request_id: id(),
          practice_id: 'practice-1',
          kind: 'access',
          reference: 'P-1',
        },
        ...{ received_on: '2019-01-01', due_on: '2019-01-31', created_at: at },
        ended_at: isOpen ? null : at,
      }),
  },
  'access-request': {
    table: 'access_requests',
    put: (at, isOpen) =>
      into('access_requests', {
        ...{ access_request_id: id(), site_id: 'site-1', integrator_id: integratorId },
        ...{ state: isOpen ? 'approved' : 'declined', asked: '{}', decided_at: at, created_at: at },
      }),
  },
  'records-differ': {
    table: 'reconciliations',
    put: (at, isOpen) => aReconciliation(at, 1, isOpen),
  },
  reconciliation: {
    table: 'reconciliations',
    put: (at, isOpen) => aReconciliation(at, 0, isOpen),
  },
  'usage-count': {
    table: 'usage_counts',
    put: async (at, isOpen) => {
      if (isOpen) return;
      await into('usage_counts', {
        ...{ integrator_id: integratorId, site_id: 'site-1', day: at.toISOString().slice(0, 10) },
        ...{ kind: 'async', access: 'read', outcome: 'successful', queries: 1, sql_ms: 1 },
        ...{ request_bytes: 1, result_bytes: 1, duration_ms: 1 },
      });
    },
  },
  'webhook-delivery': {
    table: 'webhook_deliveries',
    put: (at, isOpen) =>
      into('webhook_deliveries', {
        ...{ delivery_id: id(), webhook_id: 'hook', event_id: id(), type: 'zz', site_id: 'site-1' },
        ...{ query_id: null, grant_id: null, occurred_at: at, created_at: at, due_at: at },
        ...{ state: isOpen ? 'pending' : 'delivered', leased_until: null, ended_at: at },
      }),
  },
  'server-timeline': {
    table: 'agent_events',
    put: async (at, isOpen) => {
      if (isOpen) return;
      const of = { agent_id: 'agent-1' };
      await into('agent_events', { ...of, at, kind: 'joined' });
      await into('alerts', {
        ...{ alert_id: id(), rule_id: 'clock-skewed', ...of, cause: 'zz' },
        ...{ opened_at: at, closed_at: at },
      });
      await into('act_requests', {
        ...{ request_id: id(), act: 'agent.revoke', ...of, decision: 'zz', asked_by: 'zz' },
        ...{ asked_at: at, expires_at: at, state: 'withdrawn' },
      });
      await into('agent_diagnoses', { diagnosis_id: id(), ...of, asked_by: 'zz', asked_at: at });
    },
  },
};
const timeline = ['agent_events', 'alerts', 'act_requests', 'agent_diagnoses'] as const;

/** Contacts are taken out of rows that stay. */
const left = async (kind: RetentionKind): Promise<number> => {
  if (kind !== 'contact-name') return room.count(puts[kind].table);
  const { rows } = await sql<{ n: string }>`select count(*) as n from integrator_declarations
    where declaration ? 'contactEmail'`.execute(room.kysely);
  return Number(rows[0]?.n);
};

/** Old, young and open ones of a kind, seen a little before the old ones are due. */
async function someOf(kind: RetentionKind): Promise<{ open: number }> {
  await room.empty();
  const startMs = room.clock.now();
  const { put } = puts[kind];
  const [old, young] = [startMs, startMs + 8 * DAY_MS].map((ms) => new Date(ms));
  await put(old as Date);
  await put(young as Date);
  const before = await left(kind);
  await put(old as Date, true);
  const open = (await left(kind)) - before;
  const dueMs = startMs + retentionSchedule[kind].days * DAY_MS;
  room.clock.advance(dueMs - DAY_MS - room.clock.now());
  await room.plans.execute();
  return { open };
}

/** The jobs alone: what they record is no matter here. */
async function dayAfter(days: number): Promise<void> {
  room.later(days);
  await room.executing().execute();
  await room.kysely.deleteFrom('audit_waiting').execute();
}

const acts = async (): Promise<number> => {
  const { rows } = await sql<{ n: string }>`select count(*) as n from audit_records
    where type <> 'query.executed'`.execute(room.kysely);
  return Number(rows[0]?.n);
};
const leftOf = async (kind: RetentionKind): Promise<number> =>
  (await left(kind)) - (kind === 'audit-record' ? await acts() : 0);

test.each(retentionKinds)('%s: what is due goes and nothing else', async (kind) => {
  const { open } = await someOf(kind);
  expect(await leftOf(kind)).toBe(2 + open);
  await dayAfter(6.5);
  expect(await leftOf(kind)).toBe(2 + open);
  await dayAfter(1);
  expect(await leftOf(kind)).toBe(1 + open);
  const entry = await room.kysely
    .selectFrom('retention_register')
    .selectAll()
    .executeTakeFirstOrThrow();
  const { action, version } = retentionSchedule[kind];
  expect(entry).toMatchObject({ kind, action, rule_version: version });
  if (kind === 'server-timeline')
    for (const table of timeline) expect(await room.count(table)).toBe(1);
});

test.each(retentionKinds)('%s: what is held stays', async (kind) => {
  await someOf(kind);
  const all = await leftOf(kind);
  const { practice_id: practiceId, integrator_id } = tenant;
  const whose = kind === 'contact-name' ? { integratorId: integrator_id } : { practiceId };
  const { holdId } = await room.holds.place(
    {},
    room.officer,
    { ...whose, kind, reason: 'Zz' },
    confirmed,
  );
  const { rows } = await heldKeysOf(kind);
  expect(rows.length).toBeGreaterThan(0);
  await dayAfter(20);
  expect(await leftOf(kind)).toBe(all);
  await room.holds.lift({}, room.officer, holdId, confirmed);
  await room.plans.execute();
  await dayAfter(7.1);
  expect(await leftOf(kind)).toBeLessThan(all);
});

const heldKeysOf = (kind: RetentionKind) =>
  sql<{ key: string }>`select key from (${heldKeys(kind)}) as held`.execute(room.kysely);
