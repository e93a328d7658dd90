/**
 * Every route of the console's API × every role × own, foreign and unknown tenant × no session,
 * against the tables beside the policies. What is let in is stopped behind the door, so that the
 * walk changes nothing.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ConsoleOrigin } from '#apps/broker/src/access/console-origin.js';
import { PersonDoor } from '#apps/broker/src/access/person-door.js';
import { RouteTable } from '#apps/broker/src/access/route-table.js';
import { SessionBook } from '#apps/broker/src/access/session-book.js';
import { consoleDocument } from '#apps/broker/src/reference/console-document.js';
import { consoleRoutes } from '#apps/broker/src/reference/console-routes.js';
import {
  integratorRoles,
  personRoles,
  practiceRoles,
  type PersonRole,
} from '#libs/console-api/session.js';
import { declineReasons } from '#libs/console-api/practice.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { PretendApi } from '#test/contract/api.fixture.js';

const own = { practiceId: 'own-practice', integratorId: 'own-integrator' };
const foreign = { practiceId: 'foreign-practice', integratorId: 'foreign-integrator' };
const unknown = { practiceId: 'no-practice', integratorId: 'no-integrator' };
type Tenants = typeof own;

/** What the door answers; `admitted`: the handler would run now. */
type Verdict =
  | 'admitted'
  | 'SESSION_MISSING'
  | 'ROLE_FORBIDDEN'
  | 'CONSOLE_ENTRY_NOT_FOUND'
  | 'ORIGIN_FORBIDDEN';

let api: PretendApi;
let origin: string;

beforeAll(async () => {
  api = await PretendApi.start({ CONDUIT_STRANGER_RATE_BURST: '100000' });
  origin = api.app.get(ConsoleOrigin).origins[0] ?? '';
  for (const { practiceId, integratorId } of [own, foreign]) {
    const { kysely } = api.database;
    await kysely
      .insertInto('practices')
      .values({ practice_id: practiceId, name: 'Zz Practice' })
      .execute();
    await kysely
      .insertInto('integrators')
      .values({ integrator_id: integratorId, name: 'Zz', purposes: '[]', countries: '[]' })
      .execute();
  }
  const door = api.app.get(PersonDoor);
  const admit = door.admit.bind(door);
  door.admit = async (...asked) => {
    await admit(...asked);
    throw new ConduitError('BROKER_DRAINING');
  };
});
afterAll(() => api.stop());

const isOneOf = (roles: readonly PersonRole[], role: PersonRole): boolean => roles.includes(role);

/** Somebody who holds one role, at the own tenant where it has one. @returns the session's token */
async function aHolderOf(role: PersonRole): Promise<string> {
  const personId = randomUUID();
  const { kysely } = api.database;
  await kysely
    .insertInto('people')
    .values({ person_id: personId, name: 'Zz', email: null, updated_at: new Date() })
    .execute();
  await kysely
    .insertInto('person_roles')
    .values({
      person_role_id: randomUUID(),
      person_id: personId,
      role,
      practice_id: isOneOf(practiceRoles, role) ? own.practiceId : null,
      integrator_id: isOneOf(integratorRoles, role) ? own.integratorId : null,
      expires_at: role === 'msp-technician' ? new Date(Date.now() + 3_600_000) : null,
      invited_by: 'operator',
    })
    .execute();
  const sessions = api.app.get(SessionBook);
  const token = await kysely
    .transaction()
    .execute((within) => sessions.start(within, personId, 'passkey'));
  return token.reveal();
}

async function ask(route: string, tenants: Tenants, token?: string, from = origin) {
  const [method = '', pattern = ''] = route.split(' ');
  const path = pattern
    .replace(':practiceId', tenants.practiceId)
    .replace(':integratorId', tenants.integratorId)
    .replace(/:\w+/g, 'x');
  const response = await api.call(method, path, {
    headers: {
      accept: 'application/problem+json',
      origin: from,
      ...(token !== undefined && { cookie: `__Host-conduit=${token}` }),
    },
    ...(method !== 'GET' && { body: {} }),
  });
  const { requestId: _, ...body } = (await response.json()) as Record<string, unknown>;
  return body;
}

async function verdictOf(route: string, tenants: Tenants, token?: string): Promise<Verdict> {
  const { code } = await ask(route, tenants, token);
  return code === 'BROKER_DRAINING' ? 'admitted' : (code as Verdict);
}

/** What the tables say. */
function expectedFor(route: string, role: PersonRole, tenants: Tenants): Verdict {
  const { may } = consoleRoutes[route] ?? { may: [] };
  if (may === 'session') return 'admitted';
  const path = route.split(' ')[1] ?? '';
  const isOfOperator = path.startsWith('/console/api/operator/');
  const roles: readonly PersonRole[] = isOfOperator
    ? []
    : path.startsWith('/console/api/practices/')
      ? practiceRoles
      : integratorRoles;
  if (!isOfOperator && (tenants !== own || !isOneOf(roles, role))) return 'CONSOLE_ENTRY_NOT_FOUND';
  return isOneOf(may as readonly PersonRole[], role) ? 'admitted' : 'ROLE_FORBIDDEN';
}

const guarded = Object.keys(consoleRoutes).filter(
  (route) => consoleRoutes[route]?.may !== 'visitor',
);
const visited = Object.keys(consoleRoutes).filter((route) => !guarded.includes(route));

test('the tables have every route of the console, with its policy and its roles, and no other', () => {
  const found = api.app
    .get(RouteTable, { strict: false })
    .list()
    .filter(({ path }) => path.startsWith('/console/api/'))
    .map(({ method, path, policy, roles }) => {
      const may = policy === 'visitor' || policy === 'session' ? policy : [...roles].sort();
      return [`${method} ${path}`, may] as const;
    });
  const said = Object.entries(consoleRoutes).map(
    ([route, { may }]) => [route, typeof may === 'string' ? may : [...may].sort()] as const,
  );
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(said));
});

interface Described {
  paths: Record<string, Record<string, { requestBody?: { content: object } }>>;
}
function described(): Described {
  const routes = api.app.get(RouteTable, { strict: false }).list();
  const taken = new Map(routes.map((one) => [`${one.method} ${one.path}`, one]));
  return consoleDocument((route) => taken.get(route) ?? {}) as unknown as Described;
}
const bodyOf = (path: string, method: string) =>
  described().paths[`/console/api${path}`]?.[method]?.requestBody?.content;

test('the description says what bodies hold, as the classes check it', () => {
  const holds = (schema: object) => ({ 'application/json': { schema } });
  const hours = {
    type: 'object',
    properties: {
      days: {
        ...{ type: 'array', minItems: 1, maxItems: 7 },
        items: { type: 'integer', minimum: 1, maximum: 7 },
      },
      from: { type: 'string', pattern: expect.any(String) },
      to: { type: 'string', pattern: expect.any(String) },
    },
    required: ['days', 'from', 'to'],
    additionalProperties: false,
  };
  expect(bodyOf('/practices/{practiceId}/service/agents/{agentId}/update-window', 'put')).toEqual(
    holds({ type: 'object', properties: { window: hours }, additionalProperties: false }),
  );
  expect(
    bodyOf('/practices/{practiceId}/access-requests/{accessRequestId}/decline', 'post'),
  ).toEqual(
    holds({
      type: 'object',
      properties: { reason: { type: 'string', enum: [...declineReasons] } },
      required: ['reason'],
      additionalProperties: false,
    }),
  );
});

test('the description of the API has every route', () => {
  const { paths } = described();
  const listed = Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const said = Object.keys(consoleRoutes).map((route) => route.replace(/:(\w+)/g, '{$1}'));
  expect(listed.sort()).toEqual(said.sort());
});

test('a route of a tenant names the tenant, and one that names a tenant belongs to it', () => {
  for (const route of guarded) {
    const path = route.split(' ')[1] ?? '';
    const isTenants =
      /^\/console\/api\/(practices\/:practiceId|integrators\/:integratorId)(?:\/|$)/.test(path);
    const may = consoleRoutes[route]?.may;
    const isOperators = path.startsWith('/console/api/operator/');
    expect({ route, ok: isTenants || isOperators || may === 'session' }).toEqual({
      route,
      ok: true,
    });
  }
});

describe.each(personRoles.map((role) => [role]))('%s', (role) => {
  test.each([
    ['own', own],
    ['foreign', foreign],
    ['unknown', unknown],
  ])('meets at the %s tenant what the tables say', async (_, tenants) => {
    const token = await aHolderOf(role);
    const met: Record<string, Verdict> = {};
    const said: Record<string, Verdict> = {};
    for (const route of guarded) {
      met[route] = await verdictOf(route, tenants, token);
      said[route] = expectedFor(route, role, tenants);
    }
    expect(met).toEqual(said);
  });

  test('cannot tell a foreign tenant from one that does not exist', async () => {
    const token = await aHolderOf(role);
    for (const route of guarded.filter((one) => /:(practice|integrator)Id/.test(one))) {
      expect(await ask(route, foreign, token)).toEqual(await ask(route, unknown, token));
    }
  });
});

test('nobody is let in without a session, or with one that never was', async () => {
  const made = 'A'.repeat(43);
  for (const route of guarded) {
    for (const token of [undefined, made, `${made}; __Host-conduit=${made}`]) {
      expect([route, await verdictOf(route, own, token)]).toEqual([route, 'SESSION_MISSING']);
    }
  }
});

test('whoever is let in is not when another site’s page asks', async () => {
  const token = await aHolderOf('practice-owner');
  const unsafe = [...guarded, ...visited].filter((route) => !route.startsWith('GET '));
  for (const route of unsafe) {
    const { code } = await ask(route, own, token, 'https://evil.example');
    expect([route, code]).toEqual([route, 'ORIGIN_FORBIDDEN']);
  }
});

test('visitors come to the doors that are for them', async () => {
  for (const route of visited.filter((one) => !one.startsWith('GET '))) {
    // Past the door: an empty body is refused, or is what was wanted.
    expect([undefined, 'REQUEST_INVALID']).toContain((await ask(route, own)).code);
  }
});
