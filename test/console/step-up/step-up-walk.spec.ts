/**
 * Every route that asks for a passkey's word × words that were given for something else: refused,
 * and nothing has changed. A route that asks for one and is not among the acts fails here.
 */
import { RequestMethod, type Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { getMetadataStorage } from 'class-validator';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ConsoleOrigin } from '#apps/broker/src/access/console-origin.js';
import { consoleRoutes } from '#apps/broker/src/reference/console-routes.js';
import type { ActionText } from '#libs/console-api/session.js';
import { PretendApi } from '#test/contract/api.fixture.js';
import { pretendClient, PretendProvider } from '#test/console/pretend-provider.fixture.js';
import { aHouse, carryOut, type House } from '#test/console/step-up/confirmed-act.fixture.js';
import { deskActs } from '#test/console/step-up/desk-acts.fixture.js';
import { incidentActs } from '#test/console/step-up/incident-acts.fixture.js';
import { operatorActs } from '#test/console/step-up/operator-acts.fixture.js';
import { peopleActs } from '#test/console/step-up/people-acts.fixture.js';

const acts = { ...peopleActs, ...deskActs, ...operatorActs, ...incidentActs };

let provider: PretendProvider;
let api: PretendApi;
let house: House;

beforeAll(async () => {
  provider = await PretendProvider.start();
  api = await PretendApi.start({
    CONDUIT_STRANGER_RATE_BURST: '100000',
    CONDUIT_OIDC_ISSUER: provider.issuer,
    CONDUIT_OIDC_CLIENT_ID: pretendClient.id,
    CONDUIT_OIDC_CLIENT_SECRET: pretendClient.secret,
    CONDUIT_OIDC_LABEL: 'Zz Accounts',
  });
  provider.serve(api.app.get(ConsoleOrigin).link('/console/api/oidc/callback'));
  house = await aHouse(api);
}, 120_000);
afterAll(async () => {
  await api.stop();
  await provider.stop();
});

const asksForOne = (type: unknown): boolean =>
  typeof type === 'function' &&
  getMetadataStorage()
    .getTargetValidationMetadatas(type, '', false, false)
    .some(({ propertyName }) => propertyName === 'stepUp');

/** Those of whose handlers a parameter has a `stepUp`. */
function routesThatAsk(): string[] {
  const controllers = api.app.get(DiscoveryService, { strict: false }).getControllers();
  const scanner = api.app.get(MetadataScanner, { strict: false });
  return controllers.flatMap(({ metatype }) => {
    const { prototype } = metatype as Type<object>;
    const prefix = Reflect.getMetadata(PATH_METADATA, metatype as object) as string;
    return scanner.getAllMethodNames(prototype).flatMap((name) => {
      const handler = (prototype as Record<string, object>)[name] as object;
      const types = (Reflect.getMetadata('design:paramtypes', prototype, name) ?? []) as unknown[];
      if (!Reflect.hasMetadata(METHOD_METADATA, handler) || !types.some(asksForOne)) return [];
      const method = RequestMethod[Reflect.getMetadata(METHOD_METADATA, handler) as number];
      const path = `${prefix}/${Reflect.getMetadata(PATH_METADATA, handler) as string}`;
      return [`${method} /${path.split('/').filter(Boolean).join('/')}`];
    });
  });
}

test('every route that asks for a passkey’s word is among the acts, and no other', () => {
  const asking = routesThatAsk().sort();
  expect(asking).toEqual(Object.keys(acts).sort());
  expect(Object.keys(consoleRoutes)).toEqual(expect.arrayContaining(asking));
});

/**
 * Of sessions and step-ups every call makes and ends some; the others the broker tends by itself.
 * What the log is made of counts once, as records.
 */
const RESTLESS = [
  'sessions',
  'step_ups',
  'agent_health',
  'agent_events',
  'alerts',
  'audit_waiting',
  'audit_leaves',
  'audit_tiles',
  'audit_log',
  'audit_checkpoints',
];

/** Of all that is stored, a word for each table. */
async function stored(): Promise<Record<string, string>> {
  const { kysely } = api.database;
  tables ??= (await kysely.introspection.getTables()).map(({ name }) => name);
  const words = tables
    .filter((name) => !RESTLESS.includes(name))
    .map((name) => {
      const row = sql`(to_jsonb(one) - 'last_used_at')::text`;
      const counts = name === 'audit_records' ? sql`record not like '%.refused"%'` : sql`true`;
      return sql`select ${name}::text as name, md5(string_agg(${row}, ' ' order by ${row})) as word
        from ${sql.table(name)} as one where ${counts}`;
    });
  const query = sql<{ name: string; word: string }>`${sql.join(words, sql` union all `)}`;
  const { rows } = await query.execute(kysely);
  return Object.fromEntries(rows.map(({ name, word }) => [name, word]));
}
let tables: string[] | undefined;

function altered(value: unknown): unknown {
  if (Array.isArray(value)) return [...(value as unknown[]), 'zz'];
  if (typeof value === 'object') return { ...value, zz: 'zz' };
  if (typeof value === 'number') return value + 1;
  return typeof value === 'boolean' ? !value : `${String(value)}-zz`;
}

/** The action with one field otherwise, one field less, one field more. */
function othersThan({ type, ...fields }: ActionText): ActionText[] {
  const each = Object.entries(fields).flatMap(([name, value]) => {
    const { [name]: _, ...rest } = fields;
    return [rest, { ...fields, [name]: altered(value) }];
  });
  return [...each, { ...fields, zz: 'zz' }]
    .map((other) => ({ type, ...other }))
    .concat({ type: `${type}-zz`, ...fields });
}

describe.each(Object.keys(acts))('%s', (route) => {
  const [method = ''] = route.split(' ');
  const arrange = acts[route] as (typeof acts)[string];

  test('does nothing with a word for another act, or none, and what it says with its own', async () => {
    const act = await arrange(house);
    const { person, path, body, action } = act;
    const before = await stored();
    for (const other of othersThan(action)) {
      const answer = await person.call(method, path, {
        ...body,
        stepUp: await person.stepUp(other),
      });
      expect([other, answer.status]).toEqual([other, 403]);
      const reason = 'other-action';
      expect(await answer.json()).toMatchObject({ code: 'STEP_UP_REFUSED', reason });
    }
    for (const none of [{}, { stepUp: null }]) {
      const answer = await person.call(method, path, { ...body, ...none });
      const { code, errors } = (await answer.json()) as { code: string; errors?: object[] };
      expect([answer.status, code]).toEqual([400, 'REQUEST_INVALID']);
      expect(errors?.[0]).toMatchObject({ field: 'stepUp' });
    }
    expect(await stored()).toEqual(before);
    await carryOut(method, act);
    expect(await stored()).not.toEqual(before);
  });
});
