/**
 * A practice's pause as its own server keeps it: what runs is stopped at the database, async work waits,
 * neither a restart of the agent nor one of the broker ends it, and a server that was off follows. Beside
 * it what is frozen for an incident and what both logs prove of it, and what a patient withdrew, which the server
 * alone knows.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { EvidencePack, FreezePreview, OpenedIncident } from '#libs/console-api/incidents.js';
import type { Pause, PracticeOverview } from '#libs/console-api/practice.js';
import type { ActionText } from '#libs/console-api/session.js';
import { ConsolePerson } from '#test/console/console-person.fixture.js';
import { personAt } from '#test/console/person-at.fixture.js';
import { AsyncClient } from '#test/e2e/async-client.fixture.js';
import { settle } from '#test/support/settle.js';
import { startConduit, type TestConduit } from '#test/support/start-conduit.js';

/** One row, after hours. */
const COUNT = `SELECT COUNT(*) AS n FROM ${['a', 'b', 'c', 'd', 'e']
  .map((name) => `dbo.Patient ${name}`)
  .join(' CROSS JOIN ')}`;

const FIRST = 'SELECT TOP 2 INTERNALID FROM dbo.Patient ORDER BY INTERNALID';

let conduit: TestConduit;
let owner: ConsolePerson;
let client: AsyncClient;

beforeAll(async () => {
  conduit = await startConduit();
  client = new AsyncClient(conduit);
  owner = await personAt(conduit, { role: 'practice-owner', practiceId: conduit.practiceId });
}, 120_000);
afterAll(() => conduit?.stop());

const path = (rest = '') => `/practices/${conduit.practiceId}${rest}`;
const press = (what: 'pauses' | 'pauses/resume', body: object = {}) =>
  owner.json('POST', path(`/${what}`), body);
const all = async (): Promise<Pause | undefined> =>
  (await owner.json<PracticeOverview>('GET', path())).pause;
const inForce = () =>
  settle('in force at the server', 20_000, async () => (await all())?.servers[0]?.since);
const ask = async (text = 'SELECT 1 AS n') => {
  const headers = { accept: 'application/problem+json' };
  const { status, body } = await conduit.query({ text }, {}, '', { headers });
  return [status, (body as { code?: string }).code];
};
const patients = async () => (await conduit.rows(FIRST)).map((row) => String(row['INTERNALID']));
interface Status {
  paused: boolean;
  sites: { running: { immediate: number; async: number } }[];
  pausedInConsole: { everyoneSince?: string; integrators: { integratorId: string }[] };
}
const status = () => conduit.agent<Status>('status');
const running = async () => (await status()).sites[0]?.running;
const works = () =>
  settle('queries run again', 20_000, async () => (await ask())[0] === 200 || undefined);

const runsOnce = (lane: 'immediate' | 'async') =>
  settle(
    `one runs in the lane ${lane}`,
    20_000,
    async () => (await running())?.[lane] || undefined,
  );
const nothingRuns = () =>
  settle('nothing runs', 5_000, async () => {
    const now = await running();
    return (now?.immediate === 0 && now.async === 0) || undefined;
  });

test('what runs of one that is paused leaves the database, and what is new is refused', async () => {
  const { integratorId } = conduit.integrator;
  const long = ask(COUNT);
  await runsOnce('immediate');
  await press('pauses', { integratorId });
  const pressedMs = Date.now();
  expect(await long).toEqual([403, 'QUERY_STOPPED']);
  expect(Date.now() - pressedMs).toBeLessThan(2_000);
  await nothingRuns();
  expect(await ask()).toEqual([403, 'GRANT_PAUSED']);
  expect((await client.send('SELECT 1 AS n')).status).toBe(403);
  const { paused, pausedInConsole } = await status();
  expect([paused, pausedInConsole.integrators]).toMatchObject([false, [{ integratorId }]]);
  await press('pauses/resume', { integratorId });
  await works();
}, 60_000);

test('async work that runs is stopped and waits, and says why, until the resumption', async () => {
  const slow = await client.submit(COUNT);
  await runsOnce('async');
  await press('pauses');
  await nothingRuns();
  const waiting = await settle('it says why it waits', 10_000, async () => {
    const view = (await client.get(slow)).body as { queue?: { reason: string } };
    return view.queue?.reason === 'accessPaused' ? view : undefined;
  });
  expect(waiting).toMatchObject({ status: 'queued' });
  await press('pauses/resume');
  await runsOnce('async');
  await client.remove(slow);
  await works();
}, 60_000);

test('what is frozen for an incident is refused and its evidence is proven by both logs', async () => {
  const { integratorId } = conduit.integrator;
  const found = await client.submit('SELECT 1 AS n');
  await client.untilEnded(found);
  const slow = await client.submit(COUNT);
  await runsOnce('async');
  const scope = {
    ...{ practices: [], sites: [], agents: [], integrators: [integratorId], keys: [] },
    ...{ from: new Date(Date.now() - 3_600_000).toISOString(), to: new Date().toISOString() },
  };
  const about = {
    ...{ title: 'Zz incident', noticed: 'staff-noticed', myHealthRecord: 'no', scope },
    awareAt: new Date(Date.now() - 1_000).toISOString(),
  };
  const { practiceId } = conduit;
  const act = async <T>(rest: string, body: object, action: ActionText): Promise<T> =>
    owner.json('POST', path(`/incidents${rest}`), { ...body, stepUp: await owner.stepUp(action) });
  const { incidentId } = await act<OpenedIncident>('', about, {
    ...{ type: 'incident.open', ...about, practiceId },
  });
  const target = { kind: 'integrator', targetId: integratorId };
  const { reach } = await owner.json<FreezePreview>(
    'GET',
    path(`/incidents/${incidentId}/freeze-preview?kind=integrator&targetId=${integratorId}`),
  );
  const freeze = { type: 'incident.freeze', incidentId, ...target, reach };
  const { freezeId } = await act<{ freezeId: string }>(`/${incidentId}/freezes`, target, freeze);
  expect(await ask()).toEqual([403, 'ACCESS_FROZEN']);
  const frozen = { headers: { accept: 'application/problem+json' } };
  const sitePath = `/integrator/sites/${conduit.siteId}`;
  for (const [method, what, body] of [
    ['GET', `queries/${found}`],
    ['GET', `queries/${found}/results/1`],
    ['GET', `queries/${found}/results/1/stream`],
    ['DELETE', `queries/${found}`],
    ['POST', 'queries/status', { queryIds: [found] }],
    ['GET', 'queries/registered'],
    ['GET', 'queries/registered/x'],
    ['GET', 'writes/x'],
  ] as const) {
    const options = { ...frozen, ...(body && { body }) };
    const answer = await conduit.call(method, `${sitePath}/${what}`, options);
    const { code } = answer.body as { code?: string };
    expect([method, what, answer.status, code]).toEqual([method, what, 403, 'ACCESS_FROZEN']);
  }
  // It may still stop what it asked for.
  expect((await client.remove(slow)).body).toMatchObject({ code: 'QUERY_CANCELLED' });
  const held = (await status()).pausedInConsole.integrators;
  expect(held).toMatchObject([{ integratorId }]);

  const packs = path(`/incidents/${incidentId}/packs`);
  const { packId } = await owner.json<{ packId: string }>('POST', packs, {});
  const { content } = await settle('the pack is made', 20_000, async () => {
    const pack = await owner.json<EvidencePack>('GET', `${packs}/${packId}`);
    return pack.state === 'making' ? undefined : pack;
  });
  expect(content?.agents).toMatchObject([{ logSize: expect.any(Number) }]);
  expect(content?.mismatches).toEqual([]);
  expect(content?.totals.agentRecords).toBeGreaterThan(0);
  expect(content?.totals.verdicts.brokerOnly).toBe(0);
  expect(content?.statements.length).toBeGreaterThan(0);

  const thaw = { type: 'incident.thaw', incidentId, freezeId };
  await act(`/${incidentId}/freezes/${freezeId}/thaw`, {}, thaw);
  await works();
  expect(await client.page(found, 1)).toEqual([{ n: 1 }]);
}, 60_000);

test('a patient who withdrew is left out of declared statements, and raw SQL says that it is not filtered', async () => {
  const before = await conduit.query({ text: FIRST });
  expect(before.headers['conduit-consent']).toBeUndefined();
  const [first, second] = (await conduit.rows(FIRST)).map((row) => String(row['INTERNALID']));
  expect(await conduit.agent('consent', 'withdraw', '--patient', String(first))).toEqual({
    ...{ changed: true, filtered: 0, undeclared: 'run' },
  });
  const raw = await conduit.query({ text: FIRST });
  expect([raw.status, raw.headers['conduit-consent']]).toEqual([200, 'not-filtered']);
  const hash = createHash('sha256').update(FIRST).digest('hex');
  await conduit.agent('consent', 'declare', '--statement', hash, '--column', 'internalid');
  expect((await conduit.query({ text: FIRST })).headers['conduit-consent']).toBe('filtered');
  expect(await patients()).toEqual([second]);
  await conduit.agent('consent', 'undeclared', 'refuse');
  expect(await ask()).toEqual([403, 'CONSENT_NOT_CHECKABLE']);
  await conduit.agent('consent', 'undeclared', 'run');
}, 60_000);

test('neither a restart of the agent nor one of the broker ends a pause', async () => {
  await press('pauses');
  const since = await inForce();
  const kept = readFileSync(join(conduit.conduit.agentFolder, 'pauses.json'), 'utf8');
  expect(JSON.parse(kept)).toMatchObject({ everyoneSince: expect.any(String) });
  await conduit.conduit.broker?.kill();
  await conduit.conduit.startBroker();
  await conduit.untilAvailability('online', 40_000);
  await conduit.conduit.agent?.stop();
  await conduit.conduit.startAgent();
  await conduit.untilAvailability('online', 40_000);
  expect((await status()).pausedInConsole).toMatchObject({
    everyoneSince: (JSON.parse(kept) as { everyoneSince: string }).everyoneSince,
  });
  expect(await ask()).toEqual([403, 'GRANT_PAUSED']);
  expect((await all())?.servers).toMatchObject([{ since, isOnline: true }]);
  await press('pauses/resume');
  await works();
  expect((await status()).pausedInConsole).toEqual({ integrators: [] });
}, 90_000);

test('a server that is off has not confirmed, and follows once it is back', async () => {
  await conduit.conduit.agent?.stop();
  await conduit.untilAvailability('offline');
  await press('pauses');
  expect((await all())?.servers).toEqual([{ siteNames: [expect.any(String)], isOnline: false }]);
  await conduit.conduit.startAgent();
  await inForce();
  expect((await status()).pausedInConsole.everyoneSince).toBeDefined();
  await press('pauses/resume');
  await works();
}, 60_000);

test('the list of those who withdrew outlives the restarts', async () => {
  expect(await patients()).toHaveLength(1);
});
