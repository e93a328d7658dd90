/** An end of access that the server does not confirm: the alert, and what the practice's owners get. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ConsoleOrigin } from '#apps/broker/src/access/console-origin.js';
import { MemoryBroadcast } from '#apps/broker/src/broadcast/broadcast.memory.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { AlertMail } from '#apps/broker/src/fleet/alert-mail.js';
import type { AlertWebhook } from '#apps/broker/src/fleet/alert-webhook.js';
import type { AlertWord } from '#apps/broker/src/fleet/alert-words.js';
import { readFleet } from '#apps/broker/src/fleet/fleet-row.js';
import { OwnerMail } from '#apps/broker/src/fleet/owner-mail.js';
import { ReviewAlerts, SAME_ALERT_MS } from '#apps/broker/src/fleet/review-alerts.js';
import { SendNotices } from '#apps/broker/src/fleet/send-notices.js';
import { BrokerPractice } from '#apps/broker/src/grants/broker-practice.fixture.js';
import { MemoryEventLog } from '#apps/broker/src/logging/event-log.js';
import { aMailServer } from '#apps/broker/src/mail/mail-server.fixture.js';

const MINUTE = 60_000;

let practice: BrokerPractice;
let server: Awaited<ReturnType<typeof aMailServer>>;

beforeAll(async () => {
  practice = await BrokerPractice.open();
  server = await aMailServer();
  const now = new Date(practice.clock.now());
  const people = [
    ['owner-1', 'owner@example.com', 'practice-owner', 'practice-1'],
    ['owner-2', null, 'practice-owner', 'practice-1'],
    ['manager', 'manager@example.com', 'practice-manager', 'practice-1'],
    ['stranger', 'stranger@example.com', 'practice-owner', 'practice-2'],
  ] as const;
  for (const [personId, email, role, practiceId] of people) {
    await practice.store.kysely
      .insertInto('people')
      .values({ person_id: personId, name: `Zz ${personId}`, email, updated_at: now })
      .execute();
    await practice.store.kysely
      .insertInto('person_roles')
      .values({
        ...{ person_role_id: personId, person_id: personId, role, practice_id: practiceId },
        ...{ integrator_id: null, expires_at: null, invited_by: 'operator' },
      })
      .execute();
  }
});

afterAll(async () => {
  await server.close();
  await practice.close();
});

const consoleOrigin = 'https://console.example.org';
const origin = new ConsoleOrigin(Object.assign(new BrokerConfig(), { consoleOrigin }));
const ownerMail = () => new OwnerMail(practice.store.kysely, server.room, origin);

/** What one node does at a look. */
async function look(): Promise<void> {
  const { store, clock } = practice;
  const mail = new AlertMail(server.room, origin, ownerMail());
  const notices = { mail, webhook: {} as AlertWebhook, log: new MemoryEventLog() };
  const alerts = new ReviewAlerts(store.kysely, new MemoryBroadcast(), clock);
  await alerts.execute(await readFleet(store.kysely));
  await new SendNotices(store.kysely, notices.mail, notices.webhook, clock, notices.log).execute();
}

const openAlerts = () =>
  practice.store.kysely
    .selectFrom('alerts')
    .select(['rule_id', 'agent_id'])
    .where('closed_at', 'is', null)
    .where('rule_id', '=', 'revocation-unconfirmed')
    .execute();

const settle = (state: 'proposed' | 'taken') =>
  practice.store.kysely.updateTable('grant_proposals').set({ state }).execute();

test('after five minutes it is an alert, and the owners who gave an address read what to do', async () => {
  await practice.store.kysely
    .insertInto('grant_proposals')
    .values({
      ...{ grant_id: 'grant-1', seq: 2, practice_id: 'practice-1', agent_id: 'agent-1' },
      ...{ integrator_id: 'integrator-1', site_ids: '["site-1"]', person_id: 'owner-1' },
      ...{
        revokes: true,
        signed: '{}',
        state: 'proposed',
        created_at: new Date(practice.clock.now()),
      },
      ...{ refused_code: null, refused_reason: null, decided_at: null },
    })
    .execute();
  practice.clock.advance(4 * MINUTE);
  await look();
  expect(await openAlerts()).toEqual([]);
  practice.clock.advance(MINUTE);
  await look();
  await look();
  expect(await openAlerts()).toEqual([{ rule_id: 'revocation-unconfirmed', agent_id: 'agent-1' }]);
  expect(server.taken.map(({ to }) => to)).toEqual([['owner@example.com']]);
  const notices = practice.store.kysely.selectFrom('alert_notices').select('target');
  expect(await notices.where('channel', '=', 'owner').execute()).toEqual([{ target: 'owner-1' }]);
  // As a mail program joins the lines again.
  const text = (server.taken[0]?.text ?? '').replace(/=\r?\n/g, '');
  expect(text).toContain('agent pause');
  expect(text).toContain('Zz Rooms 1');
  expect(text).toContain('https://console.example.org/console/practices/practice-1');
  expect(text).not.toMatch(/Zz Software|Zz owner/);
});

test('whoever is no owner of the practice by the time gets no letter', async () => {
  const openedAt = new Date(practice.clock.now());
  const word = { alertId: 'alert-1', agentId: 'agent-1', openedAt } as AlertWord;
  const before = server.taken.length;
  for (const personId of ['manager', 'stranger', 'nobody'])
    expect(await ownerMail().send(personId, { ...word, what: 'opened' })).toBe('never');
  expect(server.taken).toHaveLength(before);
});

test('once it is confirmed the alert is over, and they hear that too', async () => {
  await settle('taken');
  practice.clock.advance(MINUTE);
  await look();
  expect(await openAlerts()).toEqual([]);
  practice.clock.advance(SAME_ALERT_MS);
  await look();
  expect(server.taken).toHaveLength(2);
  expect(server.taken[1]?.text).toContain('Nothing is left to do');
});
