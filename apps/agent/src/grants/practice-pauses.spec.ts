import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { ErrorCode } from '#libs/errors/catalogue.js';
import { APractice, aQuery } from '#apps/agent/src/grants/grant.fixture.js';
import type { Grant } from '#libs/grants/grant.js';

let practice: APractice;
let grant: Grant;
let told: [string, ErrorCode][];

beforeEach(async () => {
  practice = await APractice.open();
  grant = await practice.permit();
  told = [];
  practice.gate.onWithdrawn((grantId, code) => told.push([grantId, code]));
});
afterEach(() => practice.close());

const decide = () => practice.gate.decide(aQuery(grant));
const paused = { allowed: false, code: 'GRANT_PAUSED' };
const put = (revision: number, integrators: string[] = [], everyone = false) =>
  practice.pauses.put({ revision, everyone, integrators });
const file = () => join(practice.stateFolder, 'pauses.json');

test('one that is paused is refused, what runs of it is stopped, and it goes on when resumed', async () => {
  expect(await put(1, [grant.integratorId])).toEqual({
    revision: 1,
    everyone: false,
    integrators: [grant.integratorId],
  });
  expect(decide()).toEqual(paused);
  expect(told).toEqual([[grant.grantId, 'QUERY_STOPPED']]);
  expect(practice.gate.grantsInForce).toBe(0);
  await put(2);
  expect(decide()).toMatchObject({ allowed: true });
});

test('another’s pause changes nothing, everyone’s stops all', async () => {
  await put(1, ['somebody-else']);
  expect(decide()).toMatchObject({ allowed: true });
  expect(told).toEqual([]);
  await put(2, [], true);
  expect(decide()).toEqual(paused);
});

test('no pause permits anything', async () => {
  const other = practice.grant({ grantId: 'grant-unknown' });
  await put(1, []);
  expect(practice.gate.decide(aQuery(other))).toMatchObject({ code: 'GRANT_INVALID' });
  await practice.rules.pause();
  await put(2, []);
  expect(decide()).toMatchObject({ code: 'SITE_PAUSED' });
});

test('it outlives the process, with its time', async () => {
  await put(7, [grant.integratorId], true);
  const { here } = practice.pauses;
  practice.clock.advance(3_600_000);
  await practice.restart();
  expect(decide()).toEqual(paused);
  await put(8, [grant.integratorId, 'another'], true);
  const since = new Date(practice.clock.now()).toISOString();
  expect(practice.pauses.here).toEqual({
    ...here,
    integrators: [...here.integrators, { integratorId: 'another', since }],
  });
});

test('what comes late does not undo what is newer', async () => {
  await put(5, [grant.integratorId]);
  expect(await put(4)).toMatchObject({ revision: 5, integrators: [grant.integratorId] });
  expect(decide()).toEqual(paused);
});

test('a file that is not right pauses everybody until the broker has said anew', async () => {
  writeFileSync(file(), '{"version":1,"revision":');
  await practice.restart();
  expect(decide()).toEqual(paused);
  expect(practice.pauses.here).toEqual({ integrators: [], unreadable: true });
  await put(0);
  expect(decide()).toMatchObject({ allowed: true });
  expect(JSON.parse(readFileSync(file(), 'utf8'))).toEqual({
    version: 1,
    revision: 0,
    integrators: [],
  });
});

test('where nothing can be written a pause counts, and no pause ends', async () => {
  await put(1, ['first']);
  rmSync(practice.stateFolder, { recursive: true });
  await expect(put(2, [grant.integratorId])).rejects.toThrow();
  expect(decide()).toEqual(paused);
  expect(practice.pauses.holds('first')).toBe(true);
});

test('a pause that could not be written is written when it is told again, and once', async () => {
  rmSync(practice.stateFolder, { recursive: true });
  await expect(put(1, [grant.integratorId])).rejects.toThrow();
  mkdirSync(practice.stateFolder);
  await put(1, [grant.integratorId]);
  const { ino } = statSync(file());
  await put(1, [grant.integratorId]);
  expect(statSync(file()).ino).toBe(ino);
});

test('each change is journalled once', async () => {
  practice.journal.records.length = 0;
  await put(1, ['integrator-9']);
  await put(1, ['integrator-9']);
  await put(2, ['integrator-9'], true);
  await put(3);
  const by = { actorRef: 'console' };
  expect(practice.journal.records).toEqual([
    { type: 'access.paused', integrator: 'integrator-9', ...by },
    { type: 'access.paused', ...by },
    { type: 'access.resumed', ...by },
    { type: 'access.resumed', integrator: 'integrator-9', ...by },
  ]);
});
