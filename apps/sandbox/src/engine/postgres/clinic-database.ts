/** Prepares the PostgreSQL database once, and the roles and grants of the configured logins at every start. */
import { conversionFunctions } from '../library/conversion-functions.js';
import { dateFunctions } from '../library/date-functions.js';
import { textFunctions } from '../library/text-functions.js';
import { fullName, type ObjectDefinition, type TableDefinition } from '../schema/definitions.js';
import { schemaPlace } from '../schema/definitions.js';
import type { SchemaStore } from '../schema/schema-store.js';
import { grantsOn } from '../schema/schema-grants.js';
import { quoteName } from '../binding/bound.js';
import { LoginRights, ownerRole, roleOf } from '../logins.js';
import { PostgresConnection } from './postgres-connection.js';

const owner = quoteName(ownerRole);

/** Creates the database `clinic` with the function library. */
export async function createDatabase(socketDirectory: string): Promise<void> {
  const bootstrap = await PostgresConnection.open({
    socketDirectory,
    user: 'postgres',
    database: 'postgres',
  });
  await bootstrap.run({ sql: 'CREATE DATABASE clinic TEMPLATE template0' });
  await bootstrap.close();
  const admin = await PostgresConnection.open({
    socketDirectory,
    user: 'postgres',
    database: 'clinic',
  });
  await script(
    admin,
    `BEGIN; ${conversionFunctions} ${dateFunctions} ${textFunctions}
    CREATE ROLE ${owner} NOLOGIN;
    REVOKE ALL ON SCHEMA public FROM PUBLIC;
    CREATE TABLE tsql.objects (key text PRIMARY KEY, definition jsonb NOT NULL);
    CREATE TABLE tsql.schemas (name text PRIMARY KEY);
    CREATE TABLE tsql.marks (name text PRIMARY KEY);
    GRANT SELECT, INSERT, UPDATE, DELETE ON tsql.objects, tsql.schemas TO ${owner};
    GRANT CREATE ON DATABASE clinic TO ${owner};
    COMMIT;`,
  );
  await admin.close();
}

/** Several statements in one simple query. */
async function script(connection: PostgresConnection, sql: string): Promise<void> {
  await connection.script(sql);
}

export async function prepareCatalogues(
  admin: PostgresConnection,
  catalogues: string[],
): Promise<void> {
  const roles = new Set((await admin.rows('SELECT rolname FROM pg_roles')).map(([name]) => name));
  for (const catalogue of catalogues) {
    const [reader, writer] = [
      `read:${catalogue.toLowerCase()}`,
      `write:${catalogue.toLowerCase()}`,
    ];
    if (roles.has(reader)) continue;
    const place = schemaPlace(catalogue, 'dbo');
    const defaults = grantsOn(place, quoteName(reader), quoteName(writer));
    await script(
      admin,
      `BEGIN; CREATE ROLE ${quoteName(reader)} NOLOGIN; CREATE ROLE ${quoteName(writer)} NOLOGIN;
      CREATE SCHEMA ${place} AUTHORIZATION ${owner};
      GRANT USAGE ON SCHEMA ${place} TO ${quoteName(reader)}, ${quoteName(writer)};
      SET ROLE ${owner}; ${defaults.join('; ')}; RESET ROLE; COMMIT;`,
    );
  }
}

export async function loadDefinitions(
  admin: PostgresConnection,
  store: SchemaStore,
): Promise<void> {
  const objects = await admin.rows('SELECT key, definition FROM tsql.objects');
  for (const [key, definition] of objects)
    store.objects.set(key as string, JSON.parse(definition as string) as ObjectDefinition);
  for (const [name] of await admin.rows('SELECT name FROM tsql.schemas'))
    store.schemas.set((name as string).toLowerCase(), (name as string).split('.')[1] as string);
}

/** Makes each login's PostgreSQL role what its rights say, no more. */
export async function grantLogins(
  admin: PostgresConnection,
  logins: LoginRights[],
  store: SchemaStore,
): Promise<void> {
  const roles = new Set((await admin.rows('SELECT rolname FROM pg_roles')).map(([name]) => name));
  for (const rights of logins) {
    const role = quoteName(roleOf(rights.login.user));
    const sqls = roles.has(roleOf(rights.login.user))
      ? []
      : [`CREATE ROLE ${role} LOGIN NOINHERIT`];
    sqls.push(`ALTER ROLE ${role} INHERIT`);
    // Procedures run with their owner's rights; the role must be able to take that role, and never inherits it.
    sqls.push(
      `GRANT ${owner} TO ${role} WITH INHERIT ${rights.isAdmin ? 'TRUE' : 'FALSE'}, SET TRUE`,
    );
    for (const catalogue of store.catalogues)
      sqls.push(...catalogueGrants(rights, role, catalogue, store));
    await script(admin, `BEGIN; ${sqls.join('; ')}; COMMIT;`);
  }
}

function catalogueGrants(
  rights: LoginRights,
  role: string,
  catalogue: string,
  store: SchemaStore,
): string[] {
  const [reader, writer] = [
    quoteName(`read:${catalogue.toLowerCase()}`),
    quoteName(`write:${catalogue.toLowerCase()}`),
  ];
  const right = rights.right(catalogue);
  const sqls = [`REVOKE ${reader}, ${writer} FROM ${role}`];
  if (right === 'none') return sqls;
  if (!rights.hasDenials)
    return [...sqls, `GRANT ${right === 'read' ? reader : writer} TO ${role}`];
  const tables = [...store.objects.values()].filter(
    (object): object is TableDefinition =>
      object.kind !== 'procedure' && object.catalogue === catalogue,
  );
  const schemas = [...store.schemas]
    .filter(([key]) => key.startsWith(`${catalogue.toLowerCase()}.`))
    .map(([, name]) => schemaPlace(catalogue, name));
  sqls.push(...schemas.map((schema) => `GRANT USAGE ON SCHEMA ${schema} TO ${role}`));
  for (const table of tables) {
    sqls.push(`REVOKE ALL ON ${table.place} FROM ${role}`);
    if (!rights.mayRead(fullName(table), catalogue)) continue;
    const open = table.columns
      .filter((column) => rights.mayUseColumn(fullName(table), column.name))
      .map((column) => quoteName(column.name.toLowerCase()))
      .join(', ');
    if (open === '') continue;
    sqls.push(`GRANT SELECT (${open}) ON ${table.place} TO ${role}`);
    if (right !== 'read')
      sqls.push(
        `GRANT INSERT (${open}), UPDATE (${open}) ON ${table.place} TO ${role}`,
        `GRANT DELETE ON ${table.place} TO ${role}`,
      );
  }
  return sqls;
}
