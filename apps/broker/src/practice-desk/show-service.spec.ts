/** The technician's page over the real store: what it shows, and that nothing else can be in it. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { StoredAuditTrail } from '#apps/broker/src/audit/audit-trail.postgres.js';
import type { AskDiagnosis } from '#apps/broker/src/fleet/ask-diagnosis.js';
import { FindDiagnosis } from '#apps/broker/src/fleet/find-diagnosis.js';
import type { AgentPeer } from '#apps/broker/src/gateway/agent-peer.js';
import type { SiteLinks } from '#apps/broker/src/gateway/site-links.port.js';
import { UpdateWindowController } from '#apps/broker/src/gateway/update-window.controller.js';
import { MemoryEventLog } from '#apps/broker/src/logging/event-log.js';
import { CheckServer } from '#apps/broker/src/practice-desk/check-server.js';
import { PracticeBook } from '#apps/broker/src/practice-desk/practice-book.js';
import { SetUpdateWindow } from '#apps/broker/src/practice-desk/set-update-window.js';
import { ShowService } from '#apps/broker/src/practice-desk/show-service.js';
import { openMemoryStore } from '#libs/db/empty-store.fixture.js';
import type { OpenedDatabase } from '#libs/db/open-database.js';
import type { LinkContext } from '#libs/link/link-context.js';
import { FixedClock } from '#libs/kernel/clock.js';

const links = { availability: () => 'online' } as unknown as SiteLinks;

/** Put wherever the store has room for what a technician is not to see. */
const MARK = 'zz-not-for-technicians';
const now = new Date('2026-03-04T01:00:00Z');

let store: OpenedDatabase;
let service: ShowService;

beforeAll(async () => {
  store = await openMemoryStore();
  const { kysely } = store;
  const clock = new FixedClock(now.getTime());
  service = new ShowService(
    kysely,
    new PracticeBook(kysely, links),
    new FindDiagnosis(kysely, clock),
    clock,
  );
  await kysely.insertInto('practices').values({ practice_id: 'p', name: 'Zz Clinic' }).execute();
  await kysely
    .insertInto('agents')
    .values({
      ...{ agent_id: 'agent-1', practice_id: 'p', state: 'active' },
      ...{ identity_public_key: Buffer.alloc(32), encryption_public_key: Buffer.alloc(32) },
      ...{ encryption_key_since: now, updated_at: now },
    })
    .execute();
  await kysely
    .insertInto('sites')
    .values({
      ...{ site_id: 's', practice_id: 'p', agent_id: 'agent-1', name: 'Zz Site' },
      ...{ pms_type: 'Sandbox', pms_site_id: '1', status: 'active', authoritative: true },
      ...{ catalogues: '[]', agent_version: '1.2.3', updated_at: now },
    })
    .execute();
  await kysely
    .insertInto('integrators')
    .values({ integrator_id: 'i', name: MARK, purposes: '[]', countries: '[]' })
    .execute();
  await kysely
    .insertInto('people')
    .values({ person_id: MARK, name: MARK, email: MARK, updated_at: now })
    .execute();
  const finding = { check: 'read.insert', siteId: 's', ok: false, severity: 'critical' } as const;
  await kysely
    .insertInto('agent_diagnoses')
    .values({
      ...{ diagnosis_id: 'd', agent_id: 'agent-1', asked_by: MARK, asked_at: now, ended_at: now },
      findings: JSON.stringify([finding]),
    })
    .execute();
  const trail = new StoredAuditTrail(kysely, clock, new MemoryEventLog());
  trail.note({ type: 'agent.joined', practice: 'p', agent: 'agent-1', actorRef: MARK });
  trail.note({ type: 'agent.left', practice: 'other', agent: MARK });
  trail.note({ type: 'query.executed', practice: 'p', statementRef: MARK, integrator: MARK });
  await trail.flush();
});

afterAll(() => store.close());

test('a technician sees the service, its version and what its doctor found', async () => {
  const { agents, sites } = await service.execute('p');
  expect(sites).toEqual([{ siteId: 's', name: 'Zz Site', pmsType: 'Sandbox', pmsSiteId: '1' }]);
  expect(agents).toMatchObject([
    {
      ...{ agentId: 'agent-1', state: 'active', availability: 'online', version: '1.2.3' },
      doctor: { findings: [{ check: 'read.insert', siteName: 'Zz Site', ok: false }] },
    },
  ]);
});

test('a check is asked of a server of the practice that is in use, and of no other', async () => {
  const asked: unknown[] = [];
  const diagnoses = {
    execute: (...order: unknown[]) => Promise.resolve(asked.push(order)),
  } as unknown as AskDiagnosis;
  const check = (practiceId: string, agentId: string) =>
    new CheckServer(store.kysely, diagnoses).execute(practiceId, person, agentId);
  const person = { personId: 'technician' } as SignedInPerson;
  await check('p', 'agent-1');
  expect(asked).toEqual([[person, 'agent-1', 'practice']]);
  const isOver = store.kysely.updateTable('agents').where('agent_id', '=', 'agent-1');
  for (const [practiceId, agentId, state] of [
    ['other', 'agent-1', 'active'],
    ['p', 'agent-2', 'active'],
    ['p', 'agent-1', 'revoked'],
  ] as const) {
    await isOver.set({ state }).execute();
    await expect(check(practiceId, agentId)).rejects.toMatchObject({
      code: 'CONSOLE_ENTRY_NOT_FOUND',
    });
  }
  await isOver.set({ state: 'active' }).execute();
  expect(asked).toHaveLength(1);
});

test('the log has the acts of the practice’s own servers, and nothing of people, integrators or queries', async () => {
  const bundle = await service.logBundle('p');
  expect(bundle.events).toEqual([
    { at: now.toISOString(), type: 'agent.joined', agentId: 'agent-1' },
  ]);
  for (const answer of [bundle, await service.execute('p')]) {
    expect(JSON.stringify(answer)).not.toContain(MARK);
  }
});

test('a server has hours in which it may be updated, by the clock of its site, until they are taken back', async () => {
  const { kysely } = store;
  const trail = new StoredAuditTrail(kysely, new FixedClock(now.getTime()), new MemoryEventLog());
  const windows = new SetUpdateWindow(kysely, trail);
  const person = { personId: 'person-1' } as SignedInPerson;
  const window = { days: [4, 2, 4], from: '20:00', to: '23:00' };
  await expect(windows.execute('other', person, 'agent-1', { window })).rejects.toMatchObject({
    code: 'CONSOLE_ENTRY_NOT_FOUND',
  });
  const agents = kysely.updateTable('agents').where('agent_id', '=', 'agent-1');
  await agents.set({ state: 'revoked' }).execute();
  await expect(windows.execute('p', person, 'agent-1', { window })).rejects.toMatchObject({
    code: 'CONSOLE_ENTRY_NOT_FOUND',
  });
  await agents.set({ state: 'active' }).execute();
  // One that was shut out for good has no window of its own, and none of another's.
  await kysely
    .insertInto('agents')
    .values({
      ...{ agent_id: 'agent-0', practice_id: 'p', state: 'revoked', created_at: new Date(0) },
      ...{ identity_public_key: Buffer.alloc(32, 1), encryption_public_key: Buffer.alloc(32) },
      ...{ encryption_key_since: now, updated_at: now },
    })
    .execute();
  await windows.execute('p', person, 'agent-1', { window });
  // The agent that asks hears of its own alone.
  const said = (agentId: string) =>
    new UpdateWindowController(kysely).read({ peer: { agentId } } as LinkContext<AgentPeer>);
  expect(await said('agent-1')).toEqual({
    window: { ...window, days: [2, 4], timeZone: 'Australia/Sydney' },
  });
  for (const other of ['agent-0', 'agent-2']) expect(await said(other)).toEqual({});
  const [agent] = (await service.execute('p')).agents;
  expect(agent?.updateWindow).toEqual({
    ...{ days: [2, 4], from: '20:00', to: '23:00' },
    words: 'Tue, Thu from 20:00 to 23:00 (Australia/Sydney)',
  });
  const hours = { site_id: 's', time_zone: 'Australia/Perth', windows: '[]', updated_at: now };
  await kysely.insertInto('site_hours').values(hours).execute();
  await windows.execute('p', person, 'agent-1', { window });
  const [moved] = (await service.execute('p')).agents;
  expect(moved?.updateWindow?.words).toContain('(Australia/Perth)');
  // For a manager, who sees nothing else of the servers.
  expect(await service.updateWindows('p')).toEqual({
    servers: [{ agentId: 'agent-1', sites: moved?.sites, updateWindow: moved?.updateWindow }],
  });
  await windows.execute('p', person, 'agent-1', {});
  expect((await service.execute('p')).agents[0]).not.toHaveProperty('updateWindow');
  const { record } = await kysely
    .selectFrom('audit_records')
    .select('record')
    .orderBy('seq', 'desc')
    .executeTakeFirstOrThrow();
  expect(JSON.parse(record)).toMatchObject({ type: 'update-window.changed', actorRef: 'person-1' });
});
