import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ConsoleOrigin } from '#apps/broker/src/access/console-origin.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { BrokerPractice } from '#apps/broker/src/grants/broker-practice.fixture.js';
import { MailRoom, type Letter, type MailOutcome } from '#apps/broker/src/mail/mail-room.port.js';
import { ActivityPeople } from '#apps/broker/src/activity/activity-people.js';
import {
  EndPrivacyDto,
  NotePrivacyDto,
  RegisterPrivacyDto,
} from '#apps/broker/src/privacy-desk/privacy-bodies.js';
import { daysLeft, dueDay } from '#apps/broker/src/privacy-desk/privacy-clock.js';
import { PrivacyMail } from '#apps/broker/src/privacy-desk/privacy-mail.js';
import {
  maxOpen,
  maxSteps,
  PrivacyRegister,
} from '#apps/broker/src/privacy-desk/privacy-register.js';
import { RemindPrivacy } from '#apps/broker/src/privacy-desk/remind-privacy.js';
import { ShowPrivacy } from '#apps/broker/src/privacy-desk/show-privacy.js';
import type { PrivacyKind } from '#libs/console-api/privacy.js';
import { readDto } from '#libs/contracts/read-dto.js';

const DAY_MS = 86_400_000;
const personId = 'manager-1';

class KeptMail extends MailRoom {
  letters: Letter[] = [];
  outcome: MailOutcome = 'sent';

  override send(letter: Letter): Promise<MailOutcome> {
    this.letters.push(letter);
    return Promise.resolve(this.outcome);
  }
}

let practice: BrokerPractice;
let register: PrivacyRegister;
let shown: ShowPrivacy;
let mail: PrivacyMail;
let reminders: RemindPrivacy;
const room = new KeptMail();

beforeAll(async () => {
  practice = await BrokerPractice.open();
  const { store, audit, clock } = practice;
  const consoleOrigin = 'https://console.example.org';
  const origin = new ConsoleOrigin(Object.assign(new BrokerConfig(), { consoleOrigin }));
  register = new PrivacyRegister(store.kysely, audit, clock);
  shown = new ShowPrivacy(store.kysely, new ActivityPeople(store.kysely), clock);
  mail = new PrivacyMail(store.kysely, room, origin);
  reminders = new RemindPrivacy(store.kysely, mail, clock);
  await practice.asked('site-1', 'integrator-1');
  const people = [
    [personId, 'practice-manager', { practice_id: 'practice-1', integrator_id: null }],
    ['auditor-1', 'practice-auditor', { practice_id: 'practice-1', integrator_id: null }],
    ['admin-1', 'integrator-admin', { practice_id: null, integrator_id: 'integrator-1' }],
  ] as const;
  for (const [id, role, place] of people) {
    const email = `${id}@example.com`;
    const person = { person_id: id, name: `Zz ${id}`, email, updated_at: new Date() };
    await store.kysely.insertInto('people').values(person).execute();
    await store.kysely
      .insertInto('person_roles')
      .values({
        person_role_id: id,
        person_id: id,
        role,
        expires_at: null,
        invited_by: 'operator',
        ...place,
      })
      .execute();
  }
});
afterAll(() => practice.close());

beforeEach(async () => {
  await practice.store.kysely.deleteFrom('privacy_requests').execute();
  practice.audit.records = [];
  room.letters = [];
  room.outcome = 'sent';
});

/** By the clock of practice-1, in Sydney. */
const today = () => new Date(practice.clock.now() + 11 * 3_600_000).toISOString().slice(0, 10);
const dayBefore = (days: number) =>
  new Date(Date.parse(today()) - days * DAY_MS).toISOString().slice(0, 10);
const place = (requestId: string, practiceId = 'practice-1') => ({
  practiceId,
  requestId,
  personId,
});

async function aRequest(kind: PrivacyKind = 'access', daysAgo = 0): Promise<string> {
  const order = { kind, reference: 'P-2026-014', receivedOn: dayBefore(daysAgo) };
  return register.register('practice-1', personId, order);
}

describe('the clock', () => {
  test.each([
    ['2026-03-20', '2026-04-19'],
    ['2027-01-31', '2027-03-02'],
    ['2028-02-01', '2028-03-02'],
  ])('of a request of %s ends with %s', (from, to) => expect(dueDay(from)).toBe(to));

  test('counts days by the practice’s wall clock, over the end of daylight saving', () => {
    const left = (iso: string, zone: string) => daysLeft('2026-04-19', Date.parse(iso), zone);
    expect(left('2026-04-18T13:59:59Z', 'Australia/Sydney')).toBe(1);
    expect(left('2026-04-18T14:00:00Z', 'Australia/Sydney')).toBe(0);
    expect(left('2026-04-19T14:00:00Z', 'Australia/Sydney')).toBe(-1);
    expect(left('2026-04-19T14:00:00Z', 'Australia/Perth')).toBe(0);
  });
});

describe('a request', () => {
  test('goes from the register to its answer; each step is kept and audited by who did it', async () => {
    const id = await aRequest();
    await register.identity(place(id), 'photo-identity');
    await register.route(place(id), 'integrator-1');
    await register.addNote(place(id), 'Letter is in the blue folder.');
    await register.end(place(id), { outcome: 'given' });
    const one = await shown.one('practice-1', id);
    expect(one).toMatchObject({
      ...{ kind: 'access', reference: 'P-2026-014', daysLeft: 30, identity: 'photo-identity' },
      ...{ outcome: 'given', routedTo: { integratorId: 'integrator-1' } },
    });
    expect(one.steps.map(({ kind, byName }) => [kind, byName])).toEqual(
      ['registered', 'identity', 'routed', 'noted', 'ended'].map((kind) => [kind, 'Zz manager-1']),
    );
    const { records } = practice.audit;
    expect(records.map(({ type, actorRef, requestId }) => [type, actorRef, requestId])).toEqual(
      ['registered', 'changed', 'changed', 'changed', 'ended'].map((act) => [
        ...[`privacy-request.${act}`, personId, id],
      ]),
    );
    expect(JSON.stringify(records)).not.toMatch(/folder|P-2026/);
  });

  test('is answered only to somebody who was identified', async () => {
    const id = await aRequest();
    const unchecked = { code: 'PRIVACY_IDENTITY_UNCHECKED' };
    await expect(register.end(place(id), { outcome: 'given' })).rejects.toMatchObject(unchecked);
    await register.identity(place(id), 'not-established');
    await expect(register.end(place(id), { outcome: 'given' })).rejects.toMatchObject(unchecked);
    const grounds = ['identity-not-established'] as const;
    await register.end(place(id), { outcome: 'refused', grounds: [...grounds] });
    expect(await shown.one('practice-1', id)).toMatchObject({ outcome: 'refused', grounds });
  });

  test.each([
    ['access', { outcome: 'refused' }],
    ['access', { outcome: 'taken-back', grounds: ['not-held'] }],
    ['access', { outcome: 'refused', grounds: ['information-is-right'] }],
    ['correction', { outcome: 'given' }],
    ['complaint', { outcome: 'refused', grounds: ['not-about-us'] }],
  ] as const)('%s: %j does not fit', async (kind, end) => {
    const id = await aRequest(kind);
    await register.identity(place(id), 'known-in-person');
    await expect(register.end(place(id), end as never)).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
    });
  });

  test('that has ended takes notes, and goes on only when it is opened again', async () => {
    const id = await aRequest('complaint');
    await expect(register.reopen(place(id))).rejects.toMatchObject({
      code: 'PRIVACY_REQUEST_MOVED_ON',
    });
    await register.end(place(id), { outcome: 'resolved' });
    const movedOn = { code: 'PRIVACY_REQUEST_MOVED_ON' };
    await expect(register.identity(place(id), 'photo-identity')).rejects.toMatchObject(movedOn);
    await expect(register.end(place(id), { outcome: 'resolved' })).rejects.toMatchObject(movedOn);
    await register.addNote(place(id), 'They wrote again.');
    await register.reopen(place(id));
    const { open, ended } = await shown.list('practice-1');
    expect([open.length, ended.length]).toEqual([1, 0]);
    expect(open[0]).not.toHaveProperty('outcome');
  });

  test('of another practice is nobody’s, and is passed on to nobody who is unknown here', async () => {
    const id = await aRequest();
    const notFound = { code: 'CONSOLE_ENTRY_NOT_FOUND' };
    const theirs = place(id, 'practice-2');
    for (const act of [
      () => shown.one('practice-2', id),
      () => register.addNote(theirs, 'x'),
      () => register.identity(theirs, 'photo-identity'),
      () => register.route(theirs, undefined),
      () => register.end(theirs, { outcome: 'taken-back' }),
      () => register.reopen(theirs),
      () => register.route(place(id), 'integrator-9'),
    ])
      await expect(act()).rejects.toMatchObject(notFound);
    expect((await shown.list('practice-2')).open).toEqual([]);
    expect((await shown.one('practice-1', id)).steps).toHaveLength(1);
  });

  test('is not changed when the audit can’t be written', async () => {
    const id = await aRequest();
    practice.audit.refuses = true;
    await expect(register.identity(place(id), 'photo-identity')).rejects.toThrow();
    await expect(aRequest()).rejects.toThrow();
    practice.audit.refuses = false;
    expect((await shown.list('practice-1')).open).toHaveLength(1);
    expect(await shown.one('practice-1', id)).not.toHaveProperty('identity');
  });

  test('is entered on the day on which it came, not later and not long after', async () => {
    await expect(aRequest('access', -1)).rejects.toMatchObject({ facts: { field: 'receivedOn' } });
    await expect(aRequest('access', 366)).rejects.toMatchObject({ facts: { field: 'receivedOn' } });
    const id = await aRequest('access', 40);
    expect(await shown.one('practice-1', id)).toMatchObject({ daysLeft: -10 });
  });

  test('has room for so many steps and no more, but can always be ended', async () => {
    const id = await aRequest('complaint');
    const step = { privacy_request_id: id, at: new Date(), kind: 'noted' as const };
    await practice.store.kysely
      .insertInto('privacy_steps')
      .values(Array.from({ length: maxSteps - 1 }, () => ({ ...step, person_id: personId })))
      .execute();
    const full = { code: 'PRIVACY_REGISTER_FULL' };
    await expect(register.addNote(place(id), 'x')).rejects.toMatchObject(full);
    await register.end(place(id), { outcome: 'resolved' });
    const row = {
      ...{ practice_id: 'practice-1', kind: 'access' as const, reference: 'P-1' },
      ...{ received_on: today(), due_on: today(), created_at: new Date() },
    };
    await practice.store.kysely
      .insertInto('privacy_requests')
      .values(Array.from({ length: maxOpen }, (_, n) => ({ ...row, privacy_request_id: `r${n}` })))
      .execute();
    await expect(aRequest()).rejects.toMatchObject(full);
  });
});

describe('mail', () => {
  test('reminds owners and managers ten days and three days before the end, and when it is over', async () => {
    await aRequest('access', 19);
    const at = async () => {
      room.letters = [];
      await reminders.execute();
      await reminders.execute();
      return room.letters.map(({ to, subject }) => [to, subject]);
    };
    const to = 'manager-1@example.com';
    expect(await at()).toEqual([]);
    practice.clock.advance(DAY_MS);
    expect(await at()).toEqual([[to, 'Conduit: a privacy request is due']]);
    practice.clock.advance(6 * DAY_MS);
    expect(await at()).toEqual([]);
    practice.clock.advance(DAY_MS);
    expect(await at()).toEqual([[to, 'Conduit: a privacy request is due']]);
    practice.clock.advance(4 * DAY_MS);
    expect(await at()).toEqual([[to, 'Conduit: a privacy request is overdue']]);
    practice.clock.advance(30 * DAY_MS);
    expect(await at()).toEqual([]);
  });

  test('that could not go yet goes later; one that was entered late gets one letter, an ended one none', async () => {
    const id = await aRequest('correction', 29);
    room.outcome = 'later';
    await reminders.execute();
    room.outcome = 'sent';
    await reminders.execute();
    await reminders.execute();
    expect(room.letters).toHaveLength(2);
    expect(room.letters[1]?.text).toMatch(/1 day is left[^]*\/practices\/practice-1\/privacy\//);
    expect(JSON.stringify(room.letters)).not.toContain('P-2026-014');
    await register.end(place(id), { outcome: 'taken-back' });
    practice.clock.advance(5 * DAY_MS);
    await reminders.execute();
    expect(room.letters).toHaveLength(2);
  });

  test('tells the administrators of the integrator that a request is passed on to', async () => {
    const id = await aRequest();
    const { reference, ...request } = await shown.one('practice-1', id);
    const about = { practiceId: 'practice-1', ...request };
    expect(await mail.routed(about, reference, 'integrator-1')).toBe(1);
    expect(room.letters).toMatchObject([{ to: 'admin-1@example.com' }]);
    expect(room.letters[0]?.text).toContain('P-2026-014');
    room.outcome = 'never';
    expect(await mail.routed(about, reference, 'integrator-1')).toBe(0);
  });
});

describe('what is written', () => {
  const isTaken = (dto: new () => object, body: object): boolean => {
    try {
      return readDto(dto, body) !== undefined;
    } catch {
      return false;
    }
  };

  test.each([
    ['P-2026-014', true],
    ['17', true],
    ['Zz Smith', false],
    ['Smith', false],
    ['0491570006', false],
    ['2123456701', false],
    ['P/2026/014.b', true],
    ['1'.repeat(25), false],
    ['', false],
  ])('a reference is a number of the practice’s own: %j', (reference, taken) => {
    const body = { kind: 'access', reference, receivedOn: '2026-03-20' };
    expect(isTaken(RegisterPrivacyDto, body)).toBe(taken);
  });

  test.each([
    ['Letter sent.\nCopy in folder 12.', true],
    ['Born 22/11/1980', false],
    ['Call 0491 570 006', false],
    ['x'.repeat(501), false],
    ['\u0007', false],
    [' ', false],
  ])('a note is bounded and holds no long number: %j', (text, taken) =>
    expect(isTaken(NotePrivacyDto, { text })).toBe(taken),
  );

  test('days, outcomes and grounds are from their lists', () => {
    const asked = { kind: 'access', reference: '1', receivedOn: '2026-02-30' };
    expect(isTaken(RegisterPrivacyDto, asked)).toBe(false);
    expect(isTaken(EndPrivacyDto, { outcome: 'done' })).toBe(false);
    expect(isTaken(EndPrivacyDto, { outcome: 'refused', grounds: ['because'] })).toBe(false);
    expect(isTaken(EndPrivacyDto, { outcome: 'refused', grounds: ['not-held'] })).toBe(true);
  });
});
