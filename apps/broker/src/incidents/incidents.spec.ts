import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { FastifyRequest } from 'fastify';
import { sql } from 'kysely';
import { setCaller } from '#apps/broker/src/access/caller.js';
import { activityWords } from '#apps/broker/src/activity/activity-words.js';
import { ConsoleOrigin } from '#apps/broker/src/access/console-origin.js';
import { KeyBook } from '#apps/broker/src/access/key-book.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { PausesAtAgents } from '#apps/broker/src/grants/pauses-at-agents.js';
import {
  colleague,
  IncidentRoom,
  officer,
  owner,
} from '#apps/broker/src/incidents/incident-room.fixture.js';
import { OpenIncidentDto } from '#apps/broker/src/incidents/incident-bodies.js';
import type { IncidentPlace } from '#apps/broker/src/incidents/incident-place.js';
import { packWaits } from '#apps/broker/src/incidents/make-pack.js';
import { RemindIncidents } from '#apps/broker/src/incidents/remind-incidents.js';
import { MailRoom, type Letter, type MailOutcome } from '#apps/broker/src/mail/mail-room.port.js';
import { AnswerBudget } from '#apps/broker/src/queries/answer-budget.js';
import { HoldResult } from '#apps/broker/src/queries/hold-result.js';
import { auditLeaf } from '#libs/audit/audit-leaf.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import type { LoggedRecord } from '#libs/audit/reconcile.js';
import { leafHash } from '#libs/audit/tree-hash.js';
import type { DecisionGround, FreezeKind, IncidentScope } from '#libs/console-api/incidents.js';
import { readDto } from '#libs/contracts/read-dto.js';
import { readAudit } from '#libs/db/read-audit.js';
import type { ErrorCode } from '#libs/errors/catalogue.js';
import { ConduitError, toConduitError } from '#libs/errors/conduit-error.js';
import { drillLogs, type DrillLogs } from '#libs/incidents/drill-pack.js';
import { drillWorld, type DrillWorld } from '#libs/incidents/drill-records.js';
import { drillTruth } from '#libs/incidents/drill-truth.js';
import { sealPack } from '#libs/incidents/pack-content.js';

const DAY_MS = 86_400_000;
const other = { personId: 'owner-2', practiceId: 'practice-2' };

let room: IncidentRoom;

beforeAll(async () => {
  Object.assign(packWaits, { takeMs: 40, lookMs: 5 });
  room = await IncidentRoom.open();
}, 60_000);
afterAll(() => room.close());

/** So that each test may open what it wants. */
beforeEach(async () => {
  await sql`update incident_freezes set thawed_at = now()`.execute(room.kysely);
  await sql`update incidents set state = 'closed', closed_at = now()`.execute(room.kysely);
  await sql`update agents set state = 'active'`.execute(room.kysely);
  await room.practice.broadcast.publish('freeze.changed', 'all');
  room.practice.audit.records = [];
  room.agents.clear();
});

const code = (name: string, facts: object = {}) => ({ code: name, facts });
const types = () => room.practice.audit.records.map(({ type }) => type);

describe('the register', () => {
  test('opens what is opened twice once, and names the one that is there', async () => {
    const first = await room.opened(officer, { integrators: ['integrator-1'] });
    const again = room.opened(colleague, { integrators: ['integrator-1'] });
    await expect(again).rejects.toMatchObject(
      code('INCIDENT_ALREADY_OPEN', { incidentId: first.incidentId }),
    );
    await room.opened(officer, { integrators: ['integrator-2'] });
    // A practice's own is another, and says nothing of the operator's.
    await room.opened(owner, { integrators: ['integrator-1'] });
    expect(types()).toEqual(['incident.opened', 'incident.opened', 'incident.opened']);
  });

  test('opens it once where two do so at the same moment', async () => {
    const both = await Promise.allSettled([room.opened(officer), room.opened(colleague)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const { open } = await room.shown.list(officer);
    expect(open).toHaveLength(1);
  });

  test('stores nothing where the act cannot be recorded', async () => {
    room.practice.audit.refuses = true;
    await expect(room.opened(officer)).rejects.toThrow('planned');
    room.practice.audit.refuses = false;
    expect((await room.shown.list(officer)).open).toEqual([]);
  });

  test('counts thirty days from awareness by the practice’s wall clock', async () => {
    await sql`update practices set time_zone = 'Australia/Perth' where practice_id = 'practice-1'`.execute(
      room.kysely,
    );
    const { incidentId } = await room.opened(owner);
    const [own] = (await room.shown.list(owner)).open;
    // 23:00 UTC on 3 March is the 4th in Perth.
    const clock = { timeZone: 'Australia/Perth', dueOn: '2026-04-03', daysLeft: 30 };
    expect(own).toMatchObject({ incidentId, state: 'assessing', ...clock });
    await room.opened(officer);
    expect((await room.shown.list(officer)).open[0]).toMatchObject({
      timeZone: 'Australia/Sydney',
    });
  });

  test.each<[string, Partial<IncidentScope>, object]>([
    ['scope.to', { to: '2020-01-01T00:00:00Z' }, officer],
    ['scope.to', { to: '2026-03-09T00:00:00Z' }, officer],
    ['scope.from', { from: '2024-01-01T00:00:00Z' }, officer],
    ['scope.sites', { sites: ['site-nowhere'] }, officer],
    ['scope.keys', { keys: ['key-nowhere'] }, officer],
    ['scope.sites', { sites: ['site-2'] }, owner],
    ['scope.agents', { agents: ['agent-2'] }, owner],
    ['scope.practices', { practices: ['practice-2'] }, owner],
    ['scope.keys', { keys: ['key-1'] }, owner],
  ])('refuses a scope that is not there, or not theirs: %s %j', async (field, changes, place) => {
    const opening = room.opened(place as typeof owner, changes);
    await expect(opening).rejects.toMatchObject({ code: 'REQUEST_INVALID', facts: { field } });
  });

  test('is open with a source of its own, and no other practice’s', async () => {
    const source = (agentId: string) => ({ kind: 'log-alarm', agentId }) as const;
    await room.scopes.requireSource(source('agent-2'), undefined);
    const foreign = room.scopes.requireSource(source('agent-2'), 'practice-1');
    await expect(foreign).rejects.toMatchObject({ facts: { field: 'source' } });
  });

  test('takes no source with another’s id, no long number and no scope of more than fifty', () => {
    const step = { stepUpId: 'x', credential: {} };
    const good = {
      ...{ title: 'Zz', awareAt: '2026-03-03T00:00:00Z', noticed: 'alert', stepUp: step },
      ...{ myHealthRecord: 'no', scope: room.scope() },
    };
    const read = (changes: object) => () => readDto(OpenIncidentDto, { ...good, ...changes });
    expect(read({ source: { kind: 'log-alarm', reconciliationIncidentId: 'x' } })).toThrow();
    expect(read({ title: 'Medicare 2123 45670 1' })).toThrow();
    const sites = Array.from({ length: 51 }, (_, at) => `site-${at}`);
    expect(read({ scope: room.scope({ sites }) })).toThrow();
  });

  test('takes steps from whose own it is, and is not changed by others', async () => {
    const at = await room.opened(owner);
    await room.change.note(at, 'Zz called the vendor.');
    for (const stranger of [officer, other]) {
      const foreign = { ...stranger, incidentId: at.incidentId };
      const noting = room.change.note(foreign, 'Zz');
      await expect(noting).rejects.toMatchObject({ code: 'CONSOLE_ENTRY_NOT_FOUND' });
    }
    const { timeline } = await room.shown.one(at);
    expect(timeline).toMatchObject([
      { kind: 'opened', byName: 'Zz owner-1', word: 'staff-noticed' },
      { kind: 'noted', note: 'Zz called the vendor.' },
    ]);
    expect(JSON.stringify(room.practice.audit.records)).not.toContain('vendor');
  });
});

describe('a reader', () => {
  const tables = [
    ...['incidents', 'incident_practices', 'incident_steps', 'incident_freezes'],
    ...['incident_packs', 'incident_pack_shares', 'incident_decisions', 'incident_statements'],
    'incident_letters',
  ];
  /** How many rows of this incident each table shows, whatever is asked. */
  const seen = async (place: IncidentPlace, incidentId: string) => {
    const { practiceId } = place;
    const reader =
      practiceId === undefined
        ? ({ kind: 'operator' } as const)
        : ({ kind: 'practice', practiceId } as const);
    return readAudit(room.kysely, reader, async (within) => {
      const found: Record<string, number> = {};
      for (const table of tables) {
        const { rows } = await sql<{ count: string }>`select count(*) as count from
          ${sql.table(table)} where incident_id = ${incidentId}`.execute(within);
        if (Number(rows[0]?.count) > 0) found[table] = Number(rows[0]?.count);
      }
      return found;
    });
  };

  test('of a practice sees its own part of the operator’s once it was told, and never another’s', async () => {
    const at = await room.opened(officer, {
      ...{ practices: ['practice-1', 'practice-2'], sites: ['site-1', 'site-2'] },
      ...{ agents: ['agent-1', 'agent-2'], integrators: ['integrator-1'] },
    });
    const source = JSON.stringify({ kind: 'log-alarm', agentId: 'agent-2' });
    await sql`update incidents set source = ${source} where incident_id = ${at.incidentId}`.execute(
      room.kysely,
    );
    await records([
      { practice: 'practice-1', site: 'site-1' },
      { practice: 'practice-2', site: 'site-2' },
    ]);
    // More than is ever read of one agent for one day: its part says that it is cut.
    for (const agentId of ['agent-1', 'agent-2'])
      room.agents.set(agentId, (fromMs) => ({
        ...{ records: [], knownToMs: fromMs, size: 0, root: Buffer.alloc(32), isCut: true },
      }));
    const pack = await room.pack(at);
    expect(pack.content?.practices.map(({ id }) => id)).toEqual(['practice-1', 'practice-2']);
    expect(pack.content?.cut?.map(({ practiceId }) => practiceId)).toContain('practice-2');
    await room.freeze(at, { kind: 'site', targetId: 'site-2' });
    await room.freeze(at, { kind: 'site', targetId: 'site-1' });
    await room.letters.draft(at);
    await room.letters.statement(at, {});
    const told = { practiceId: 'practice-1', personId: 'owner-1', incidentId: at.incidentId };
    await expect(room.shown.one(told)).rejects.toMatchObject({ code: 'CONSOLE_ENTRY_NOT_FOUND' });
    expect(Object.keys(await seen(told, at.incidentId))).toEqual(['incident_practices']);

    const { letters } = await room.shown.one(at);
    const letter = letters.find(({ recipientId }) => recipientId === 'practice-1')!;
    expect(letter.text).toContain('all access at the site Zz Rooms 1.');
    const early = room.letters.sent(at, letter.letterId, { sentOn: '2026-03-04', sentHow: 'mail' });
    await expect(early).rejects.toMatchObject(code('INCIDENT_STATE', { reason: 'gaps' }));
    await room.letters.write(at, letter.letterId, { subject: 'Zz', text: 'Zz all is said.' });
    await room.letters.sent(at, letter.letterId, { sentOn: '2026-03-04', sentHow: 'mail' });

    expect(await seen(told, at.incidentId)).toEqual({
      ...{ incidents: 1, incident_practices: 1, incident_pack_shares: 1, incident_letters: 1 },
      incident_freezes: 1,
    });
    const own = await room.shown.one(told);
    expect(own).toMatchObject({ mayChange: false, timeline: [], decisions: [] });
    expect(own.freezes).toMatchObject([{ targetId: 'site-1' }]);
    expect(own.scope).toMatchObject({ practices: ['practice-1'], integrators: ['integrator-1'] });
    const part = await room.shown.pack(told, own.packs[0]!.packId);
    expect(part.content?.totals.queries).toBe(1);
    expect(part.content?.cut).toMatchObject([{ practiceId: 'practice-1' }]);
    expect(JSON.stringify([own, part])).not.toMatch(/practice-2|site-2|agent-2|Rooms 2|Practice 2/);
    const stranger = { ...other, incidentId: at.incidentId };
    await expect(room.shown.one(stranger)).rejects.toMatchObject({
      code: 'CONSOLE_ENTRY_NOT_FOUND',
    });
    // The operator sees nothing of what a practice keeps for itself.
    const private_ = await room.opened(owner);
    expect(await seen(officer, private_.incidentId)).toEqual({});
    expect(await seen(other, private_.incidentId)).toEqual({});
    expect((await seen(owner, private_.incidentId))['incidents']).toBe(1);
  });

  test('writes nothing, whatever it asks', async () => {
    const write = readAudit(room.kysely, { kind: 'operator' }, (within) =>
      sql`update incidents set title = 'x'`.execute(within),
    );
    await expect(write).rejects.toThrow();
  });
});

describe('a freeze', () => {
  const states = () =>
    ['site-1', 'site-2'].map((siteId) => room.permissions.find(siteId, 'integrator-1').state);
  const fetching = (siteId: string, integratorId = 'integrator-1') => {
    const caller = { integratorId, keyId: 'key-1', key: {} } as never;
    try {
      room.sites.requireUnfrozen(caller, siteId);
      return 'may';
    } catch (thrown) {
      return toConduitError(thrown).code;
    }
  };
  const wanted = (n: string) =>
    new PausesAtAgents(room.kysely, room.practice.clock).wanted(`practice-${n}`, `agent-${n}`);
  const keyIsFrozen = async () => {
    const book = new KeyBook(room.kysely, room.practice.broadcast, room.practice.log);
    await book.refresh();
    return book.find('key-1')?.frozen ?? false;
  };

  test('of software stops it everywhere at once, and its end takes two', async () => {
    const at = await room.opened(officer);
    const place = { practiceId: 'practice-1', siteId: 'site-1', keyId: 'key-1' };
    let stopped = 0;
    room.pauses.whenPaused({ ...place, integratorId: 'integrator-1' }, () => (stopped += 1));
    const target = { kind: 'integrator', targetId: 'integrator-1' } as const;
    const shown = await room.freezes.preview(at, target);
    expect(shown).toMatchObject({
      ...{ name: 'Zz Software 1', keys: 1, queriesRunning: 1, queriesWaiting: 2, isFrozen: false },
      practices: [{ practiceId: 'practice-1' }, { practiceId: 'practice-2' }],
      sites: [{ siteId: 'site-1' }, { siteId: 'site-2' }],
    });
    const before = await wanted('1');
    const freezeId = await room.freezes.freeze(at, shown);
    expect(states()).toEqual(['frozen', 'frozen']);
    expect([stopped, await keyIsFrozen()]).toEqual([1, true]);
    const after = await wanted('1');
    expect(after).toMatchObject({ everyone: false, integrators: ['integrator-1'] });
    expect(after.revision).toBeGreaterThan(before.revision);

    const again = room.freezes.freeze(at, shown);
    await expect(again).rejects.toMatchObject(code('INCIDENT_STATE', { reason: 'frozen-already' }));
    expect(await room.freezes.thaw(at, freezeId)).toEqual({ thaw: 'asked' });
    await expect(room.freezes.thaw(at, freezeId)).rejects.toMatchObject({
      code: 'SECOND_PERSON_NEEDED',
    });
    expect(states()).toEqual(['frozen', 'frozen']);
    const second = { ...colleague, incidentId: at.incidentId };
    expect(await room.freezes.thaw(second, freezeId)).toEqual({ thaw: 'done' });
    expect(states()).toEqual(['active', 'active']);
    expect([await keyIsFrozen(), (await wanted('1')).integrators]).toEqual([false, []]);
    const { freezes, timeline } = await room.shown.one(at);
    expect(freezes).toMatchObject([{ byName: 'Zz officer-1', thawedByName: 'Zz officer-2' }]);
    expect(timeline.map(({ kind }) => kind)).toEqual(['opened', 'frozen', 'thaw-asked', 'thawed']);
  });

  test('is asked to end anew where who asked is an officer no more', async () => {
    const at = await room.opened(officer);
    const freezeId = await room.freeze(at, { kind: 'key', targetId: 'key-1' });
    expect(await keyIsFrozen()).toBe(true);
    expect(states()).toEqual(['active', 'active']);
    await room.freezes.thaw(at, freezeId);
    const set = (role: string) =>
      sql`update person_roles set role = ${role} where person_id = 'officer-1'`.execute(
        room.kysely,
      );
    await set('operator-support');
    const second = { ...colleague, incidentId: at.incidentId };
    expect(await room.freezes.thaw(second, freezeId)).toEqual({ thaw: 'asked' });
    await set('operator-security');
    expect(await room.freezes.thaw(at, freezeId)).toEqual({ thaw: 'done' });
  });

  test('of a site stops everybody there, and the server once all of its sites are', async () => {
    await sql`insert into sites (site_id, practice_id, agent_id, name, pms_type, pms_site_id, status,
        authoritative, catalogues, updated_at)
      values ('site-1b', 'practice-1', 'agent-1', 'Zz', 'BestPractice', 'z', 'active', true, '[]', now())`.execute(
      room.kysely,
    );
    const at = await room.opened(officer);
    await room.freeze(at, { kind: 'site', targetId: 'site-1' });
    expect(states()).toEqual(['frozen', 'active']);
    expect((await wanted('1')).everyone).toBe(false);
    await room.freeze(at, { kind: 'site', targetId: 'site-1b' });
    expect((await wanted('1')).everyone).toBe(true);
    expect((await wanted('2')).everyone).toBe(false);
    await sql`delete from sites where site_id = 'site-1b'`.execute(room.kysely);
  });

  test('of an agent shuts it out, and letting it in again takes two', async () => {
    const at = await room.opened(officer);
    const state = async () => {
      const { rows } = await sql<{
        state: string;
      }>`select state from agents where agent_id = 'agent-1'`.execute(room.kysely);
      return rows[0]?.state;
    };
    const freezeId = await room.freeze(at, { kind: 'agent', targetId: 'agent-1' });
    expect(await state()).toBe('quarantined');
    const other_ = await room.opened(officer, { agents: ['agent-1'] });
    const twice = room.freeze(other_, { kind: 'agent', targetId: 'agent-1' });
    await expect(twice).rejects.toMatchObject(
      code('INCIDENT_STATE', { reason: 'agent-not-active' }),
    );
    await room.freezes.thaw(at, freezeId);
    expect(await state()).toBe('quarantined');
    // The fleet's page would let it in without the incident's two.
    const released = room.release.execute('agent-1', 'falseAlarm', { actorRef: 'officer-2' });
    await expect(released).rejects.toMatchObject(code('ACCESS_FROZEN'));
    expect(await state()).toBe('quarantined');
    await room.freezes.thaw({ ...colleague, incidentId: at.incidentId }, freezeId);
    expect(await state()).toBe('active');
    expect(types()).toEqual(
      expect.arrayContaining(['agent.quarantined', 'incident.frozen', 'agent.released']),
    );
  });

  test('of a practice reaches its own alone, and its owner ends it', async () => {
    const at = await room.opened(owner);
    const shown = await room.freezes.preview(at, { kind: 'integrator', targetId: 'integrator-1' });
    expect(shown).toMatchObject({ sites: [{ siteId: 'site-1' }], keys: 0 });
    const freezeId = await room.freezes.freeze(at, shown);
    expect(states()).toEqual(['frozen', 'active']);
    expect([await keyIsFrozen(), (await wanted('2')).integrators]).toEqual([false, []]);
    expect((await wanted('1')).integrators).toEqual(['integrator-1']);
    for (const [kind, targetId] of [
      ['site', 'site-2'],
      ['key', 'key-1'],
      ['agent', 'agent-1'],
    ] as const) {
      const looking = room.freezes.preview(at, { kind, targetId });
      await expect(looking).rejects.toMatchObject({ code: 'CONSOLE_ENTRY_NOT_FOUND' });
    }
    expect(await room.freezes.thaw(at, freezeId)).toEqual({ thaw: 'done' });
    expect(states()).toEqual(['active', 'active']);
  });

  test('keeps what waits from whom it is frozen for, whatever is permitted, and from nobody else', async () => {
    // The other one is paired, and nothing is permitted to it.
    await room.practice.asked('site-1', 'integrator-2');
    await sql`update access_requests set state = 'pending' where integrator_id = 'integrator-2'`.execute(
      room.kysely,
    );
    await room.practice.book.reread('site-1');
    const [one, two] = ['integrator-1', 'integrator-2'] as const;
    const seen = () => [fetching('site-1'), fetching('site-1', two), fetching('site-2')];
    expect(seen()).toEqual(['may', 'may', 'may']);
    const config = Object.assign(new BrokerConfig(), { maxWholeAnswerBytes: 1 });
    const hold = new HoldResult(new AnswerBudget(config), room.sites, room.pauses);
    // An answer on its way, of which nothing was taken yet.
    const answering = (integratorId: string) => {
      const request = {} as FastifyRequest;
      setCaller(request, { integratorId, keyId: 'key-1', key: {} as never });
      const raw = new PassThrough();
      hold.execute(request, { raw } as never, 'site-1');
      return raw;
    };
    for (const [who, kind, targetId, then] of [
      [owner, 'integrator', one, ['ACCESS_FROZEN', 'may', 'may']],
      [owner, 'integrator', two, ['may', 'ACCESS_FROZEN', 'may']],
      [owner, 'site', 'site-1', ['ACCESS_FROZEN', 'ACCESS_FROZEN', 'may']],
      [officer, 'site', 'site-1', ['ACCESS_FROZEN', 'ACCESS_FROZEN', 'may']],
      [officer, 'agent', 'agent-1', ['ACCESS_FROZEN', 'ACCESS_FROZEN', 'may']],
    ] as const) {
      const answers = [answering(one), answering(two)];
      const at = await room.opened(who);
      const shown = await room.freezes.preview(at, { kind, targetId });
      expect(shown.queriesRunning).toBe(0);
      const freezeId = await room.freezes.freeze(at, shown);
      expect([kind, seen()]).toEqual([kind, then]);
      const areCut = then.slice(0, 2).map((code_) => code_ === 'ACCESS_FROZEN');
      expect([kind, answers.map(({ destroyed }) => destroyed)]).toEqual([kind, areCut]);
      for (const answer of answers) answer.destroy();
      await room.freezes.thaw(at, freezeId);
      if (who === officer)
        await room.freezes.thaw({ ...colleague, incidentId: at.incidentId }, freezeId);
      expect(seen()).toEqual(['may', 'may', 'may']);
      await sql`update incidents set state = 'closed', closed_at = now()`.execute(room.kysely);
    }
  });

  test('says beforehand what waits of whom it hits, and nothing that is not so', async () => {
    const previews = async (
      place: IncidentPlace,
      targets: readonly (readonly [FreezeKind, string])[],
    ) => {
      const at = await room.opened(place);
      return Promise.all(
        targets.map(([kind, targetId]) => room.freezes.preview(at, { kind, targetId })),
      );
    };
    const own = [
      ['integrator', 'integrator-1'],
      ['site', 'site-1'],
    ] as const;
    const ofOfficer = await previews(officer, [...own, ['key', 'key-1'], ['agent', 'agent-1']]);
    const ofOwner = await previews(owner, [...own]);
    // Of software at two sites, at a site, of a key's software, at an agent's one site.
    expect(ofOfficer.map(({ queriesWaiting }) => queriesWaiting)).toEqual([2, 3, 2, 3]);
    expect(ofOwner.map(({ queriesWaiting }) => queriesWaiting)).toEqual([1, 3]);
    for (const [shown, takesTwo] of [
      ...ofOfficer.map((one) => [one, true] as const),
      ...ofOwner.map((one) => [one, false] as const),
    ]) {
      const words = shown.words.join(' ');
      expect(words).toMatch(/fetch/);
      expect(words).toContain('within a minute');
      expect(words).not.toMatch(/every node|at once, on/);
      expect(words.includes('two security officers')).toBe(takesTwo);
    }
  });

  test('is not stored where it cannot be recorded', async () => {
    const at = await room.opened(officer);
    const shown = await room.freezes.preview(at, { kind: 'site', targetId: 'site-1' });
    room.practice.audit.refuses = true;
    await expect(room.freezes.freeze(at, shown)).rejects.toThrow('planned');
    room.practice.audit.refuses = false;
    expect(states()).toEqual(['active', 'active']);
  });
});

interface Told {
  practice: string;
  site: string;
  type?: 'query.executed' | 'grant.approved';
  hoursAgo?: number;
  grant?: Pick<AuditRecord, 'grantId' | 'grantSeq'>;
}

/** Answered queries of integrator-1, in the broker's store. @returns what an agent would have of them */
async function records(told: readonly Told[]): Promise<LoggedRecord[]> {
  const runs: LoggedRecord[] = [];
  for (const { practice, site, type = 'query.executed', hoursAgo = 1, grant = {} } of told) {
    const ts = new Date(room.practice.clock.now() - hoursAgo * 3_600_000).toISOString();
    const record: AuditRecord = {
      ...{ ts, type, practice, site, integrator: 'integrator-1', lane: 'immediate' },
      ...{ mode: 'reader', outcome: 'successful', rowsBucket: '<=10', bytesBucket: '<=1024' },
      ...{ ...grant, queryId: `query-${site}-${Math.random()}` },
    };
    await stored(practice, ts, auditLeaf(record));
    runs.push({ index: runs.length, text: auditLeaf(record), record });
  }
  return runs;
}

async function stored(practice: string, ts: string, record: string): Promise<string> {
  const leaf_hash = leafHash(Buffer.from(record));
  const row = { recorded_at: new Date(ts), practice_id: practice, record, leaf_hash };
  const { seq } = await room.kysely
    .insertInto('audit_records')
    .values(row)
    .returning('seq')
    .executeTakeFirstOrThrow();
  return seq;
}

/** Puts a drill's world into the store as if it were real, its agents as played ones. @returns its scope */
async function stage(
  { agents, scope, purposes }: DrillWorld,
  { broker, journals, checkpoint }: DrillLogs,
): Promise<IncidentScope> {
  const { kysely } = room;
  const put = (table: string, rows: readonly object[]) =>
    sql`insert into ${sql.table(table)} select * from
      jsonb_populate_recordset(null::${sql.table(table)}, ${JSON.stringify(rows)}::jsonb)
      on conflict do nothing`.execute(kysely);
  const created_at = '2020-01-01T00:00:00Z';
  const stamps = { created_at, updated_at: created_at };
  await put(
    'practices',
    agents.map(({ practiceId: practice_id }) => ({
      ...{ practice_id, name: 'Zz', time_zone: 'Australia/Sydney', closed_days: [] },
      ...{ pause_revision: 0, created_at },
    })),
  );
  await put(
    'agents',
    agents.map(({ agentId: agent_id, practiceId: practice_id }) => ({
      ...{ agent_id, practice_id, state: 'active', join_sequence: 0, ...stamps },
      ...{ identity_public_key: `\\x${Buffer.from(agent_id).toString('hex')}` },
      ...{ encryption_public_key: '\\x00', encryption_key_since: created_at },
    })),
  );
  for (const { agentId, practiceId, siteIds } of agents)
    for (const siteId of siteIds)
      await sql`insert into sites (site_id, practice_id, agent_id, name, pms_type, pms_site_id,
          status, authoritative, catalogues, updated_at)
        values (${siteId}, ${practiceId}, ${agentId}, 'Zz', 'BestPractice', ${siteId}, 'active',
          true, '[]', now())`.execute(kysely);
  for (const [key, codes] of purposes) {
    const [siteId, integratorId] = key.split(' ');
    const signed = JSON.stringify({ document: JSON.stringify({ purposes: codes }) });
    await sql`insert into integrators (integrator_id, name, purposes, countries)
      values (${integratorId}, 'Zz', '[]', '[]') on conflict do nothing`.execute(kysely);
    await sql`insert into grants (grant_id, seq, site_id, integrator_id, state, signed, expires_at)
      values (${key}, 1, ${siteId}, ${integratorId}, 'active', ${signed}, now())`.execute(kysely);
  }
  for (const id of scope.keys)
    await sql`insert into api_keys (key_id, integrator_id, name, site_ids, address_ranges, secret_hmac)
      values (${id}, ${scope.integrators[0]}, 'Zz', '[]', '[]', '\\x00')`.execute(kysely);
  for (const { record, index } of broker) {
    const seq = await stored(record.practice ?? '', record.ts, auditLeaf(record));
    if (index >= 0)
      await sql`insert into audit_leaves (leaf_index, seq) values (${index}, ${seq})`.execute(
        kysely,
      );
  }
  await sql`insert into audit_log (origin, public_key, size, root) values ('zz', '\\x00',
    ${checkpoint.size}, ${Buffer.from(checkpoint.root, 'base64')})`.execute(kysely);
  for (const { agentId, answers } of agents) {
    const journal = journals.get(agentId);
    if (answers === 'never' || !journal) continue;
    const knownToMs = answers === 'always' ? 8e15 : answers.knownToMs;
    room.agents.set(agentId, (fromMs, toMs) => ({
      records: journal.records.filter(
        ({ atMs }) => atMs >= fromMs && atMs < Math.min(toMs, knownToMs),
      ),
      ...{ knownToMs, size: journal.size, root: Buffer.from(journal.root, 'base64') },
    }));
  }
  return scope;
}

const failing = (code: ErrorCode) => (): undefined => {
  throw new ConduitError(code);
};

describe('an evidence pack', () => {
  test('over the store and played agents equals the ground truth', async () => {
    const world = drillWorld(1_000);
    const logs = drillLogs(world);
    const at = await room.opened(officer, await stage(world, logs));
    const { content, state } = await room.pack(at);
    expect(state).toBe('ready');
    const truth = drillTruth(world, at.incidentId);
    expect(content).toEqual({ ...truth, drill: false, acts: expect.any(Array) });
  }, 30_000);

  test('is the same over the same records, and its hash is in the log', async () => {
    await records([{ practice: 'practice-1', site: 'site-1' }]);
    const at = await room.opened(owner);
    const one = await room.pack(at);
    const two = await room.pack(at);
    expect(two.hash).toBe(one.hash);
    expect(one.hash).toBe(sealPack(one.content!).hash);
    const made = room.practice.audit.records.filter(({ type }) => type === 'incident.pack-made');
    expect(made.map(({ reason }) => reason)).toEqual([one.hash, one.hash]);
  });

  test('says that an agent was away, and of one that shows no log, or another one, that it was not believed', async () => {
    const at = await room.opened(officer, { practices: ['practice-1'] });
    expect((await room.pack(at)).content?.agents).toMatchObject([{ state: 'away' }]);
    const answers = {
      unproven: [() => undefined, failing('JOURNAL_UNAVAILABLE')],
      away: [failing('LINK_CLOSED')],
    };
    for (const [state, said] of Object.entries(answers))
      for (const answer of said) {
        room.agents.set('agent-1', answer);
        expect((await room.pack(at)).content?.agents).toMatchObject([{ state }]);
      }
  });

  test('has the purpose that was permitted when it was asked, whatever is permitted since', async () => {
    await sql`insert into grants (grant_id, seq, site_id, integrator_id, state, expires_at, signed)
      select grant_id, seq + 1, site_id, integrator_id, state, expires_at,
        jsonb_build_object('document', jsonb_set((signed->>'document')::jsonb, '{purposes}', '["BILLING"]')::text)
      from grants where grant_id = 'grant-1'`.execute(room.kysely);
    const place = { practice: 'practice-1', site: 'site-1' };
    const hoursAgo = (hours: number) =>
      new Date(room.practice.clock.now() - hours * 3_600_000).toISOString();
    const asked = [
      { grantSeq: 1, hours: 15, purposes: ['PATADMIN'], of: { sites: ['site-1'] } },
      { grantSeq: 2, hours: 13, purposes: ['BILLING'], of: { integrators: ['integrator-1'] } },
    ];
    try {
      for (const { grantSeq, hours, purposes, of } of asked) {
        await records([{ ...place, grant: { grantId: 'grant-1', grantSeq }, hoursAgo: hours }]);
        // Others have asked at other times.
        const window = { from: hoursAgo(hours + 1), to: hoursAgo(hours - 1) };
        const { content } = await room.pack(await room.opened(owner, { ...window, ...of }));
        expect(content?.purposes.map(({ id }) => id)).toEqual(purposes);
      }
    } finally {
      await sql`delete from grants where grant_id = 'grant-1' and seq = 2`.execute(room.kysely);
    }
  });

  test('compares nothing of before an agent was set up', async () => {
    await records([{ practice: 'practice-1', site: 'site-1' }]);
    const nowMs = room.practice.clock.now();
    room.agents.set('agent-1', () => ({
      ...{ records: [], knownToMs: nowMs + DAY_MS, size: 0, root: Buffer.alloc(32) },
    }));
    const set = (at: Date) =>
      sql`update agents set created_at = ${at} where agent_id = 'agent-1'`.execute(room.kysely);
    await set(new Date(nowMs - 1_000));
    const at = await room.opened(owner);
    const { content } = await room.pack(at);
    expect(content?.agents).toMatchObject([{ state: 'in-part', comparedFrom: expect.any(String) }]);
    expect(content?.totals.verdicts.brokerOnly).toBe(0);
    expect(content?.mismatches).toEqual([]);
    await set(new Date('2020-01-01'));
    expect((await room.pack(at)).content?.totals.verdicts.brokerOnly).toBeGreaterThan(0);
  });

  test('counts with a server that was replaced what was asked until then, and contradicts nobody by it', async () => {
    const nowMs = room.practice.clock.now();
    const hoursAgo = (hours: number) => new Date(nowMs - hours * 3_600_000);
    const runs = (said: LoggedRecord[]) => () => ({
      ...{ records: said, knownToMs: nowMs + DAY_MS, size: said.length, root: Buffer.alloc(32) },
    });
    // Before everything that other tests have asked.
    const window = { from: hoursAgo(10).toISOString(), to: hoursAgo(5).toISOString() };
    await sql`insert into agents (agent_id, practice_id, state, identity_public_key,
        encryption_public_key, encryption_key_since, created_at, updated_at)
      select 'agent-1-old', practice_id, 'revoked', '\\x01', encryption_public_key,
        encryption_key_since, '2020-01-01', now()
      from agents where agent_id = 'agent-1'`.execute(room.kysely);
    await sql`update sites set created_at = '2020-01-01' where site_id = 'site-1'`.execute(
      room.kysely,
    );
    await sql`update agents set created_at = ${hoursAgo(7)} where agent_id = 'agent-1'`.execute(
      room.kysely,
    );
    const place = { practice: 'practice-1', site: 'site-1' };
    const before = await records([9, 8].map((ago) => ({ ...place, hoursAgo: ago })));
    const after = await records([{ ...place, hoursAgo: 6 }]);
    try {
      const of = await room.opened(officer, { ...window, agents: ['agent-1-old'] });
      const stolen = (await room.pack(of)).content;
      expect(stolen?.agents).toMatchObject([
        { agentId: 'agent-1-old', siteIds: ['site-1'], state: 'away' },
      ]);
      expect(stolen?.totals).toMatchObject({ queries: 2, verdicts: { notCompared: 2 } });

      // The present server has what it ran, and nothing of before it was there.
      const at = await room.opened(officer, { ...window, practices: ['practice-1'] });
      room.agents.set('agent-1', runs(after));
      const all = (await room.pack(at)).content;
      expect(all?.agents.map(({ agentId }) => agentId)).toEqual(['agent-1', 'agent-1-old']);
      expect(all?.totals).toMatchObject({ queries: 3, verdicts: { both: 1, notCompared: 2 } });
      expect(all?.mismatches).toEqual([]);

      // The former one, asked: it has one of the two, and nobody asks it for what came later.
      room.agents.set('agent-1-old', runs(before.slice(0, 1)));
      const both = (await room.pack(at)).content;
      expect(both?.totals).toMatchObject({ queries: 3, verdicts: { both: 2, brokerOnly: 1 } });
      expect(both?.mismatches).toMatchObject([
        { kind: 'dispatched-not-executed', agentId: 'agent-1-old' },
      ]);
    } finally {
      await sql`delete from agents where agent_id = 'agent-1-old'`.execute(room.kysely);
      await sql`update agents set created_at = '2020-01-01'`.execute(room.kysely);
    }
  });

  test('is one at a time, and one that failed says so', async () => {
    const at = await room.opened(officer, { practices: ['practice-2'] });
    const [one, two] = [await room.packs.begin(at), await room.packs.begin(at)];
    expect(two).toBe(one);
    await sql`delete from incident_pack_parts`.execute(room.kysely);
    await sql`update incident_packs set ready_at = null, content = null, failed = true
      where pack_id = ${one}`.execute(room.kysely);
    expect((await room.shown.pack(at, one)).state).toBe('failed');
  });
});

describe('a drill', () => {
  test('has the pack of its seed, is marked, and freezes, gathers and re-scopes nothing', async () => {
    const incidentId = await room.drills.execute(officer, 7);
    const at = { ...officer, incidentId };
    const incident = await room.shown.one(at);
    expect(incident).toMatchObject({ drill: true, title: expect.stringContaining('Drill 7') });
    expect(Object.values(incident.names)).toContain('Zz Drill Practice 1');
    const { content } = await room.shown.pack(at, incident.packs[0]!.packId);
    expect(content).toEqual(drillTruth(drillWorld(7), incidentId));
    const refused = { code: 'INCIDENT_DRILL' };
    const target = { kind: 'integrator', targetId: 'integrator-1' } as const;
    await expect(room.freezes.preview(at, target)).rejects.toMatchObject(refused);
    await expect(room.packs.begin(at)).rejects.toMatchObject(refused);
    await expect(room.change.scope(at, room.scope())).rejects.toMatchObject(refused);
    await expect(room.drills.execute(colleague, 7)).rejects.toMatchObject(
      code('INCIDENT_ALREADY_OPEN', { incidentId }),
    );
    await room.letters.draft(at);
    const { letters } = await room.shown.one(at);
    expect(letters.every(({ subject }) => subject.startsWith('DRILL'))).toBe(true);
    await room.decide.execute(at, {
      ...{ outcome: 'eligible', grounds: ['loss'], weighed: [], reasons: 'Zz' },
      packHash: incident.packs[0]!.hash!,
    });
    await room.change.close(at);
    const { records: audited } = room.practice.audit;
    expect(audited.map(({ type, reason }) => `${type}: ${reason}`)).toEqual([
      'incident.opened: drill',
      `incident.pack-made: drill ${incident.packs[0]!.hash}`,
      'incident.changed: drill',
      'incident.decided: drill eligible',
      'incident.closed: drill',
    ]);
    for (const record of audited)
      expect(activityWords({ ts: incident.openedAt, ...record }, {})).toMatch(/ drill /);
  });
});

describe('a decision', () => {
  const said = {
    ...{ outcome: 'not-eligible', grounds: ['serious-harm-not-likely'] },
    ...{ weighed: ['sensitivity'], reasons: 'Zz nothing was read.' },
  } as const;
  const decide = (at: { incidentId: string; personId: string }, changes: object = {}) =>
    room.decide.execute(at, { ...structuredClone(said), ...changes } as never);

  test('needs fitting grounds, and the pack where there is one', async () => {
    const at = await room.opened(owner);
    for (const grounds of [[], ['loss']])
      await expect(decide(at, { grounds })).rejects.toMatchObject({ facts: { field: 'grounds' } });
    const packHash = 'a'.repeat(64);
    const foreign = { facts: { field: 'packHash' } };
    await expect(decide(at, { packHash })).rejects.toMatchObject(foreign);
    const { hash } = await room.pack(at);
    await expect(decide(at)).rejects.toMatchObject(foreign);
    await decide(at, { packHash: hash });
    expect(await room.shown.one(at)).toMatchObject({
      state: 'not-eligible',
      decisions: [{ byName: 'Zz owner-1', packHash: hash, reasons: 'Zz nothing was read.' }],
    });
  });

  test('stays, and another takes its place', async () => {
    const at = await room.opened(owner);
    await decide(at);
    await decide(at, { outcome: 'eligible', grounds: ['loss'], reasons: 'Zz there was more.' });
    const { decisions, state } = await room.shown.one(at);
    expect(decisions.map(({ outcome }) => outcome)).toEqual(['eligible', 'not-eligible']);
    expect(state).toBe('eligible');
    for (const change of [
      `update incident_decisions set reasons = 'x'`,
      'delete from incident_decisions',
      `update incident_statements set parts = '{}'`,
    ]) {
      await room.letters.statement(at, {});
      await expect(sql.raw(change).execute(room.kysely)).rejects.toThrow('never changed');
    }
  });

  test('has no threshold of harm where My Health Record data may be involved', async () => {
    const at = await room.opened(owner);
    const mhr = { outcome: 'my-health-record', grounds: ['may-have-happened'] };
    const state = (reason: string) => code('INCIDENT_STATE', { reason });
    await room.change.myHealthRecord(at, 'unknown');
    await expect(decide(at)).rejects.toMatchObject(state('my-health-record-unknown'));
    await expect(decide(at, mhr)).rejects.toMatchObject(state('no-my-health-record'));
    await room.change.myHealthRecord(at, 'yes');
    await expect(decide(at)).rejects.toMatchObject(state('my-health-record-has-no-threshold'));
    await decide(at, mhr);
    expect((await room.shown.one(at)).state).toBe('eligible');
    // What was decided on another answer is assessed again.
    await room.change.myHealthRecord(at, 'no');
    expect((await room.shown.one(at)).state).toBe('assessing');
  });
});

describe('letters', () => {
  test('are gone over, sent by people, and end in a notified and closed incident', async () => {
    const at = await room.opened(owner, { integrators: ['integrator-1'] });
    const own = () => room.shown.one(at);
    await room.letters.draft(at);
    const [first] = (await own()).letters;
    expect(first).toMatchObject({ recipient: 'integrator', recipientName: 'Zz Software 1' });
    await room.letters.write(at, first!.letterId, { subject: 'Zz', text: 'Zz by hand.' });
    const decided = { outcome: 'eligible', grounds: ['loss'], weighed: [], reasons: 'Zz' } as const;
    await room.decide.execute(at, structuredClone(decided) as never);
    await room.letters.draft(at);
    const { letters } = await own();
    expect(letters.map(({ recipient }) => recipient)).toEqual(['integrator', 'oaic']);
    expect(letters[0]?.text).toBe('Zz by hand.');
    const unsent = code('INCIDENT_STATE', { reason: 'letters-unsent' });
    await expect(room.change.notified(at)).rejects.toMatchObject(unsent);
    const sent = { sentOn: '2026-03-03', sentHow: 'online-form' } as const;
    for (const { letterId } of letters) {
      await room.letters.write(at, letterId, { subject: 'Zz', text: 'Zz said.' });
      const late = room.letters.sent(at, letterId, { ...sent, sentOn: '2026-03-06' });
      await expect(late).rejects.toMatchObject({ facts: { field: 'sentOn' } });
      await room.letters.sent(at, letterId, sent);
      const again = room.letters.write(at, letterId, { subject: 'Zz', text: 'Zz' });
      await expect(again).rejects.toMatchObject(code('INCIDENT_STATE', { reason: 'sent' }));
    }
    await room.change.notified(at);
    const freezeId = await room.freeze(at, { kind: 'site', targetId: 'site-1' });
    await expect(room.change.close(at)).rejects.toMatchObject({ facts: { reason: 'frozen' } });
    await room.freezes.thaw(at, freezeId);
    await room.change.close(at);
    const { closed } = await room.shown.list(owner);
    expect(closed.map(({ incidentId }) => incidentId)).toContain(at.incidentId);
    await expect(room.letters.draft(at)).rejects.toMatchObject({ facts: { reason: 'closed' } });
    // The same may be opened anew.
    await room.opened(owner, { integrators: ['integrator-1'] });
  });

  test('have to go to the System Operator too where My Health Record data may be involved, also if that is known late', async () => {
    const at = await room.opened(owner, { sites: ['site-1'] });
    const sendAll = async () => {
      const { letters } = await room.shown.one(at);
      for (const { letterId } of letters.filter(({ sentOn }) => sentOn === undefined)) {
        await room.letters.write(at, letterId, { subject: 'Zz', text: 'Zz said.' });
        await room.letters.sent(at, letterId, { sentOn: '2026-03-03', sentHow: 'mail' });
      }
    };
    const decide = (outcome: 'eligible' | 'my-health-record', ground: DecisionGround) =>
      room.decide.execute(at, { outcome, grounds: [ground], weighed: [], reasons: 'Zz' });
    await decide('eligible', 'loss');
    await room.letters.draft(at);
    await sendAll();
    await room.change.notified(at);
    await room.change.myHealthRecord(at, 'unknown');
    expect((await room.shown.one(at)).state).toBe('notified');

    await room.change.myHealthRecord(at, 'yes');
    await expect(room.change.close(at)).rejects.toMatchObject({ facts: { reason: 'assessing' } });
    await decide('my-health-record', 'may-have-happened');
    const unsent = code('INCIDENT_STATE', { reason: 'letters-unsent' });
    await expect(room.change.notified(at)).rejects.toMatchObject(unsent);
    await room.letters.draft(at);
    await sendAll();
    await room.change.notified(at);
    await room.change.close(at);
  });

  test('cannot end an incident that nobody decided on', async () => {
    const at = await room.opened(officer);
    await expect(room.change.close(at)).rejects.toMatchObject({ facts: { reason: 'assessing' } });
    await expect(room.change.notified(at)).rejects.toMatchObject({
      facts: { reason: 'assessing' },
    });
  });
});

test('the file is canonical, says what it is, and that it left', async () => {
  const at = await room.opened(owner);
  const pack = await room.pack(at);
  const file = await room.export.file(at, 'json');
  expect(file).toMatchObject({ format: 'conduit-incident/1', pack: { hash: pack.hash } });
  expect(file.incident.timeline.at(-1)).toMatchObject({ kind: 'exported', word: 'json' });
  expect(types()).toContain('incident.exported');
  expect(JSON.parse(await room.export.json(at))).toMatchObject({ format: 'conduit-incident/1' });
  const foreign = room.export.file({ ...other, incidentId: at.incidentId }, 'json');
  await expect(foreign).rejects.toMatchObject({ code: 'CONSOLE_ENTRY_NOT_FOUND' });
});

test('whoever decides is reminded at seven, three and no days, and once when it is over', async () => {
  const letters: Letter[] = [];
  class KeptMail extends MailRoom {
    outcome: MailOutcome = 'sent';
    override send(letter: Letter): Promise<MailOutcome> {
      letters.push(letter);
      return Promise.resolve(this.outcome);
    }
  }
  const mail = new KeptMail();
  const { clock } = room.practice;
  const consoleOrigin = 'https://console.example.org';
  const origin = new ConsoleOrigin(Object.assign(new BrokerConfig(), { consoleOrigin }));
  const reminders = new RemindIncidents(room.kysely, room.register, mail, origin);
  const at = await room.opened(owner);
  const startMs = clock.now();
  const told: [number, string][] = [];
  const setEmail = (email: string | null) =>
    sql`update people set email = ${email} where person_id = 'owner-1'`.execute(room.kysely);
  try {
    for (let day = 20; day < 36; day += 1) {
      clock.advance(startMs + day * DAY_MS - clock.now());
      mail.outcome = day === 23 ? 'later' : day === 27 ? 'never' : 'sent';
      if (day === 30) await setEmail(null);
      if (day === 31) await setEmail('owner-1@example.com');
      letters.length = 0;
      await reminders.execute();
      await reminders.execute();
      for (const { to, text } of letters) {
        expect([to, text.includes(at.incidentId)]).toEqual(['owner-1@example.com', true]);
        told.push([day, text.split('\n')[0] ?? '']);
      }
    }
  } finally {
    clock.advance(startMs - clock.now());
  }
  // On the day the mail server would not take it, it was tried each time; the next day it went.
  expect(told.map(([day]) => day)).toEqual([23, 23, 24, 27, 31]);
  expect(told.at(-1)?.[1]).toContain('had to end by 2026-04-03');
  // Refused for good, and nobody with an address: told as that, once each.
  const { timeline } = await room.shown.one(at);
  expect(timeline.slice(1).map(({ kind, word }) => [kind, word])).toEqual([
    ...[
      ['reminded', '6'],
      ['not-reminded', '3'],
      ['not-reminded', '0'],
      ['reminded', '-1'],
    ],
  ]);
});
