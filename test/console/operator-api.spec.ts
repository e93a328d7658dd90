/** The operator's side of the console over HTTP: what it answers, and what it can never answer. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { BlockAgent } from '#apps/broker/src/gateway/block-agent.js';
import { consoleRoutes } from '#apps/broker/src/reference/console-routes.js';
import type { ActivityPage } from '#libs/console-api/activity.js';
import type {
  ActReach,
  ActRequests,
  AgentDetail,
  AgentEvents,
  FleetPage,
  SavedView,
} from '#libs/console-api/operator.js';
import type { ActionText } from '#libs/console-api/session.js';
import { PretendApi } from '#test/contract/api.fixture.js';
import { aConsolePerson, type ConsolePerson } from '#test/console/console-person.fixture.js';
import { aFleetAgent, plantMarkers, MARKER } from '#test/console/fleet.fixture.js';

let api: PretendApi;
let officer: ConsolePerson;
let second: ConsolePerson;
let support: ConsolePerson;

beforeAll(async () => {
  api = await PretendApi.start();
  officer = await aConsolePerson(api, { role: 'operator-security' });
  second = await aConsolePerson(api, { role: 'operator-security' });
  support = await aConsolePerson(api, { role: 'operator-support' });
});

afterAll(() => api.stop());

const reachOf = (agentId: string) =>
  support.json<ActReach>('GET', `/operator/agents/${agentId}/reach`);

async function actionFor(
  type: string,
  agentId: string,
  more: Record<string, string> = {},
): Promise<ActionText> {
  const reach = await reachOf(agentId);
  return {
    type,
    agentId,
    ...more,
    siteIds: reach.sites.map(({ siteId }) => siteId),
    integratorIds: reach.integrators.map(({ integratorId }) => integratorId),
  };
}

async function ask(person: ConsolePerson, agentId: string, decision = 'left'): Promise<string> {
  const action = await actionFor('agent-revoke.ask', agentId, { decision });
  const body = { act: 'agent.revoke', decision, stepUp: await person.stepUp(action) };
  const path = `/operator/agents/${agentId}/requests`;
  return (await person.json<{ requestId: string }>('POST', path, body)).requestId;
}

async function approve(
  person: ConsolePerson,
  agentId: string,
  requestId: string,
  decision = 'left',
) {
  const action = await actionFor('agent-revoke.approve', agentId, { requestId, decision });
  const stepUp = await person.stepUp(action);
  return person.call('POST', `/operator/requests/${requestId}/approve`, { stepUp });
}

const stateOf = async (agentId: string) =>
  (
    await api.database.kysely
      .selectFrom('agents')
      .select(['state', 'state_reason'])
      .where('agent_id', '=', agentId)
      .executeTakeFirstOrThrow()
  ).state;

describe('the fleet', () => {
  test('is searched, narrowed, ordered and counted by the store', async () => {
    const name = `Zz Search ${randomUUID().slice(0, 8)}`;
    const slow = await aFleetAgent(api, { name, state: 'degraded', database_ms: 900 });
    const fast = await aFleetAgent(api, { name, state: 'online', database_ms: 3 });
    const gone = await aFleetAgent(api, { name, state: 'unreachable' });
    const list = (query: string) =>
      support.json<FleetPage>('GET', `/operator/agents?search=${encodeURIComponent(name)}${query}`);
    const all = await list('');
    expect(all.agents.map(({ agentId }) => agentId)).toEqual([gone, slow, fast]);
    expect(all.counts).toMatchObject({ online: 1, degraded: 1, unreachable: 1, revoked: 0 });
    const some = await list('&states=online,degraded&sort=databaseMs&direction=down');
    expect(some.agents.map(({ agentId }) => agentId)).toEqual([slow, fast]);
    expect(some).toMatchObject({ total: 2, page: 1, counts: { unreachable: 1 } });
    expect((await list('&page=2')).agents).toEqual([]);
    expect((await support.call('GET', '/operator/agents?states=well')).status).toBe(400);
    expect((await support.call('GET', '/operator/agents?search=%00')).status).toBe(400);
  });

  test('finds a name with its wildcards as they are written', async () => {
    const name = `Zz 100%_of ${randomUUID()}`;
    const agentId = await aFleetAgent(api, { name });
    const found = await support.json<FleetPage>(
      'GET',
      `/operator/agents?search=${encodeURIComponent(name.slice(0, 10))}`,
    );
    expect(found.agents.map((agent) => agent.agentId)).toEqual([agentId]);
  });

  test('keeps each person’s own views', async () => {
    const filter = { states: ['degraded'], sort: 'linkMs', direction: 'down' };
    const view = await support.json<SavedView>('POST', '/operator/views', { name: 'Slow', filter });
    expect(await support.json('GET', '/operator/views')).toEqual([view]);
    expect(view).toMatchObject({ name: 'Slow', filter });
    expect(await officer.json('GET', '/operator/views')).toEqual([]);
    await officer.json('DELETE', `/operator/views/${view.viewId}`);
    expect(await support.json('GET', '/operator/views')).toHaveLength(1);
    await support.json('DELETE', `/operator/views/${view.viewId}`);
    expect(await support.json('GET', '/operator/views')).toEqual([]);
  });
});

describe('acts against an agent', () => {
  test('stop it at once, by one person who has signed whom it hits', async () => {
    const agentId = await aFleetAgent(api, { state: 'online' });
    const action = await actionFor('agent.quarantine', agentId);
    const path = `/operator/agents/${agentId}/quarantine`;
    const wrong = await support.stepUp({ ...action, siteIds: [] });
    expect((await support.call('POST', path, { stepUp: wrong })).status).toBe(403);
    expect(await stateOf(agentId)).toBe('active');
    await support.json('POST', path, { stepUp: await support.stepUp(action) });
    expect(await stateOf(agentId)).toBe('quarantined');
    const { events } = await support.json<AgentEvents>('GET', `/operator/agents/${agentId}/events`);
    expect(events).toContainEqual(
      expect.objectContaining({ kind: 'quarantined', by: 'Zz Alex Example' }),
    );
  });

  test('revoke only when a second security officer approves', async () => {
    const agentId = await aFleetAgent(api, { state: 'online' });
    const requestId = await ask(officer, agentId);
    expect(await stateOf(agentId)).toBe('active');
    const own = await approve(officer, agentId, requestId);
    expect(await own.json()).toMatchObject({ code: 'SECOND_PERSON_NEEDED' });
    expect((await approve(support, agentId, requestId)).status).toBe(403);
    expect(await stateOf(agentId)).toBe('active');
    const detail = await support.json<AgentDetail>('GET', `/operator/agents/${agentId}`);
    expect(detail.waitingRequest).toMatchObject({ requestId, act: 'agent.revoke', isOwn: false });
    expect((await approve(second, agentId, requestId)).status).toBe(204);
    expect(await stateOf(agentId)).toBe('revoked');
    const { waiting, decided } = await support.json<ActRequests>('GET', '/operator/requests');
    expect(waiting.map((request) => request.requestId)).not.toContain(requestId);
    expect(decided[0]).toMatchObject({ requestId, state: 'done', decidedBy: 'Zz Alex Example' });
  });

  test('happen once when two approve at the same moment', async () => {
    const agentId = await aFleetAgent(api, { state: 'online' });
    const third = await aConsolePerson(api, { role: 'operator-security' });
    const requestId = await ask(officer, agentId);
    const answers = await Promise.all(
      [second, third].map((person) => approve(person, agentId, requestId)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 409]);
    expect(await stateOf(agentId)).toBe('revoked');
  });

  test('wait once for an agent, and end by a no, a withdrawal or after an hour', async () => {
    const agentId = await aFleetAgent(api, { state: 'online' });
    const first = await ask(officer, agentId);
    await expect(ask(second, agentId)).rejects.toMatchObject({ code: 'ACT_REQUEST_WAITING' });
    await officer.json('POST', `/operator/requests/${first}/decline`);
    const declined = await ask(officer, agentId);
    await second.json('POST', `/operator/requests/${declined}/decline`);
    expect((await approve(second, agentId, declined)).status).toBe(409);
    const late = await ask(officer, agentId);
    await api.database.kysely
      .updateTable('act_requests')
      .set({ expires_at: new Date(Date.now() - 1) })
      .where('request_id', '=', late)
      .execute();
    expect((await approve(second, agentId, late)).status).toBe(409);
    await ask(officer, agentId);
    const { decided } = await support.json<ActRequests>('GET', '/operator/requests');
    const states = new Map(decided.map(({ requestId, state }) => [requestId, state]));
    expect([first, declined, late].map((id) => states.get(id))).toEqual([
      'withdrawn',
      'declined',
      'expired',
    ]);
    expect(await stateOf(agentId)).toBe('active');
  });

  test('do nothing when whoever asked is no security officer any more', async () => {
    const agentId = await aFleetAgent(api, { state: 'online' });
    const leaver = await aConsolePerson(api, { role: 'operator-security' });
    const requestId = await ask(leaver, agentId);
    const { person } = await leaver.json<{ person: { personId: string } }>('GET', '/session');
    await api.database.kysely
      .deleteFrom('person_roles')
      .where('person_id', '=', person.personId)
      .execute();
    expect((await approve(second, agentId, requestId)).status).toBe(409);
    expect(await stateOf(agentId)).toBe('active');
  });

  test('release what is quarantined, and nothing else', async () => {
    const agentId = await aFleetAgent(api, { state: 'online' });
    const decision = 'falseAlarm';
    const askRelease = async () => {
      const action = await actionFor('agent-release.ask', agentId, { decision });
      const body = { act: 'agent.release', decision, stepUp: await officer.stepUp(action) };
      const path = `/operator/agents/${agentId}/requests`;
      return officer.json<{ requestId: string }>('POST', path, body);
    };
    await expect(askRelease()).rejects.toMatchObject({ code: 'ACT_NOT_POSSIBLE' });
    await api.app.get(BlockAgent, { strict: false }).quarantine(agentId, 'operator');
    const { requestId } = await askRelease();
    const action = await actionFor('agent-release.approve', agentId, { requestId, decision });
    const stepUp = await second.stepUp(action);
    await second.json('POST', `/operator/requests/${requestId}/approve`, { stepUp });
    expect(await stateOf(agentId)).toBe('active');
  });

  test('are only asked for with the token of the machine, which stops an agent alone', async () => {
    const agentId = await aFleetAgent(api, { state: 'online' });
    const byToken = (act: string, body?: object) =>
      api.call('POST', `/operator/agents/${agentId}/${act}`, {
        headers: { authorization: `Bearer ${api.operatorToken}` },
        ...(body && { body }),
      });
    const revoking = await byToken('revoke');
    expect(revoking.status).toBe(202);
    const { requestId } = (await revoking.json()) as { requestId: string };
    expect(await stateOf(agentId)).toBe('active');
    expect((await byToken('quarantine')).status).toBe(204);
    expect(await stateOf(agentId)).toBe('quarantined');
    expect((await byToken('release', { decision: 'falseAlarm' })).status).toBe(409);
    expect((await byToken('quarantine')).status).toBe(409);
    const { waiting } = await support.json<ActRequests>('GET', '/operator/requests');
    expect(waiting.find((one) => one.requestId === requestId)).toMatchObject({
      ...{ act: 'agent.revoke', askedBy: 'Whoever has the operator’s token', isOwn: false },
    });
    expect(await stateOf(agentId)).toBe('quarantined');
    expect((await approve(second, agentId, requestId, 'operator')).status).toBe(204);
    expect(await stateOf(agentId)).toBe('revoked');
    expect((await byToken('revoke')).status).toBe(409);
  });

  test('do not reach a doctor that nobody could ask', async () => {
    const agentId = await aFleetAgent(api, { state: 'unreachable' });
    const refused = await support.call('POST', `/operator/agents/${agentId}/diagnoses`);
    expect(await refused.json()).toMatchObject({ code: 'SITE_OFFLINE' });
    expect((await support.call('POST', '/operator/agents/x/diagnoses')).status).toBe(404);
  });
});

test('rules are changed by security officers, over exactly what is signed, and show no secret to others', async () => {
  const change = { isOn: true, afterSeconds: 60, keepsHours: true, emails: ['ops@example.com'] };
  const path = '/operator/alert-rules/agent-unreachable';
  const action = { type: 'alert-rule.change', ruleId: 'agent-unreachable', ...change };
  const stepUp = await officer.stepUp({ ...action, emails: ['else@example.com'] });
  expect((await officer.call('PUT', path, { ...change, stepUp })).status).toBe(403);
  await officer.json('PUT', path, { ...change, stepUp: await officer.stepUp(action) });
  const inside = { ...change, webhookUrl: 'https://127.0.0.1/hook' };
  const refused = await officer.call('PUT', path, {
    ...inside,
    stepUp: await officer.stepUp({ ...action, ...inside }),
  });
  expect(refused.status).toBe(400);
  await api.database.kysely
    .updateTable('alert_rules')
    .set({ webhook_url: 'https://hooks.example.com/x' })
    .execute();
  const [seen] = await officer.json<{ webhookSecret?: string }[]>('GET', '/operator/alert-rules');
  expect(seen?.webhookSecret).toMatch(/^whsec_/);
  expect(JSON.stringify(await support.json('GET', '/operator/alert-rules'))).not.toContain('whsec');
});

test('brings in a practice, a site and an integrator, each act by its own passkey', async () => {
  const name = 'Zz New Practice — “Ärzte” 😀';
  const { practiceId } = await support.json<{ practiceId: string }>('POST', '/operator/practices', {
    name,
  });
  const sites = [{ name: 'Zz Main', pmsType: 'Sandbox', pmsSiteId: 'ZZ-77' }];
  const path = `/operator/practices/${practiceId}/enrolment-codes`;
  const stepUp = await support.stepUp({ type: 'enrolment-code.create', practiceId, sites });
  const made = await support.json<{ code: string }>('POST', path, { sites, stepUp });
  expect(made.code.length).toBeGreaterThan(20);
  const again = await support.call('POST', path, { sites, stepUp });
  expect(again.status).toBe(403);
  const file = await support.json<object>('GET', `/operator/practices/${practiceId}`);
  expect(file).toMatchObject({ name, hasOwner: false, openCodes: [{ siteNames: ['Zz Main'] }] });
  expect(JSON.stringify(file)).not.toContain(made.code);
  const order = { name: 'Zz Vendor', countries: ['AU'], purposes: ['PATADMIN'] };
  const registered = await officer.json<{ integratorId: string }>('POST', '/operator/integrators', {
    ...order,
    stepUp: await officer.stepUp({ type: 'integrator.register', ...order }),
  });
  const page = await support.json<{ integrators: object[] }>('GET', '/operator/integrators');
  expect(page.integrators).toContainEqual(
    expect.objectContaining({ ...order, integratorId: registered.integratorId, hasAdmin: false }),
  );
  const acts = await officer.json<ActivityPage>('GET', '/operator/activity?kind=people');
  expect(acts.entries.map(({ words }) => words)).toEqual(
    expect.arrayContaining(['Zz Vendor was registered.', `${name}: The practice was registered.`]),
  );
});

test('nothing that staff can read holds a payload, a statement or a person of a practice', async () => {
  const agentId = await aFleetAgent(api, { state: 'online' });
  await plantMarkers(api, agentId);
  const reads = Object.keys(consoleRoutes)
    .filter((route) => route.startsWith('GET /console/api/operator'))
    .map((route) => route.slice('GET /console/api'.length))
    .filter((path) => !path.endsWith('/live'));
  expect(reads.length).toBeGreaterThan(10);
  const { practice_id: practiceId } = await api.database.kysely
    .selectFrom('agents')
    .select('practice_id')
    .where('agent_id', '=', agentId)
    .executeTakeFirstOrThrow();
  for (const reader of [officer, support]) {
    for (const read of reads) {
      const path = read.replace(':agentId', agentId).replace(':practiceId', practiceId);
      const answer = await reader.call('GET', path);
      const text = await answer.text();
      expect([path, answer.status < 500, text.includes(MARKER)]).toEqual([path, true, false]);
    }
  }
});
