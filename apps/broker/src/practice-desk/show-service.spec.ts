/** The technician's page over the real store: what it shows, and that nothing else can be in it. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { StoredAuditTrail } from '#apps/broker/src/audit/audit-trail.postgres.js';
import { FindDiagnosis } from '#apps/broker/src/fleet/find-diagnosis.js';
import type { SiteLinks } from '#apps/broker/src/gateway/site-links.port.js';
import { MemoryEventLog } from '#apps/broker/src/logging/event-log.js';
import { PracticeBook } from '#apps/broker/src/practice-desk/practice-book.js';
import { ShowService } from '#apps/broker/src/practice-desk/show-service.js';
import { openMemoryStore } from '#libs/db/empty-store.fixture.js';
import type { OpenedDatabase } from '#libs/db/open-database.js';
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

test('the log has the acts of the practice’s own servers, and nothing of people, integrators or queries', async () => {
  const bundle = await service.logBundle('p');
  expect(bundle.events).toEqual([
    { at: now.toISOString(), type: 'agent.joined', agentId: 'agent-1' },
  ]);
  for (const answer of [bundle, await service.execute('p')]) {
    expect(JSON.stringify(answer)).not.toContain(MARK);
  }
});
