/** Functions that tell about the session, the server and its objects. */
import type { TsqlType } from '../sql-engine.port.js';
import { int, nvarchar, decimal } from '../types/tsql-types.js';
import { entry, fact, result, type FunctionEntry, type FunctionTable } from './function-table.js';
import type { BindEnvironment } from './environment.js';

const sysname: TsqlType = { name: 'nvarchar', length: 128 };

/** Answers from a table of names made when the statement runs; without argument, a fact of the session. */
const lookup = (
  kind: Parameters<BindEnvironment['lookup']>[0],
  type: TsqlType,
  ownFact?: string,
): FunctionEntry =>
  entry(ownFact ? 0 : 1, 2, ({ binder, count, text }) => {
    if (count === 0) return result(`(${binder.parameters.fact(ownFact as string, type)})`, type);
    const names = binder.parameters.made(() => binder.environment.lookup(kind));
    return result(
      `(${names} ->> lower(btrim(replace(replace(textin(bpcharout(${text(0).sql})), '[', ''), ']', ''))))::${type.name === 'int' ? 'int4' : 'tsql.s'}`,
      type,
    );
  });

const answers = (kind: 'server' | 'property'): FunctionEntry =>
  entry(1, 2, ({ binder, text, count }) => {
    const names = binder.parameters.made(() => JSON.stringify(serverProperties));
    void kind;
    return result(
      `(${names} ->> lower(textin(bpcharout(${text(count - 1).sql}))))::tsql.s`,
      nvarchar(128),
    );
  });

/** What SERVERPROPERTY answers: a recent server, and plainly the sandbox. */
const serverProperties: Record<string, string> = {
  productversion: '16.0.1000.6',
  productlevel: 'RTM',
  edition: 'Conduit Sandbox (64-bit)',
  engineedition: '4',
  productmajorversion: '16',
  productminorversion: '0',
  collation: 'Latin1_General_100_CI_AS_SC',
  machinename: 'CONDUITSANDBOX',
  servername: 'CONDUITSANDBOX',
  isclustered: '0',
  isintegratedsecurityonly: '0',
  ishadrenabled: '0',
  issingleuser: '0',
  isfulltextinstalled: '0',
};

export const systemFunctions: FunctionTable = {
  db_name: lookup('db_name', sysname, 'db_name'),
  db_id: lookup('db_id', int, 'db_id'),
  object_id: lookup('object_id', int),
  object_name: lookup('object_name', sysname),
  schema_id: lookup('schema_id', int, 'schema_id'),
  schema_name: lookup('schema_name', sysname, 'schema_name'),
  user_name: fact('user_name', sysname),
  user: fact('user_name', sysname),
  current_user: fact('user_name', sysname),
  session_user: fact('user_name', sysname),
  system_user: fact('login', sysname),
  suser_sname: fact('login', sysname),
  suser_name: fact('login', sysname),
  original_login: fact('login', sysname),
  host_name: fact('host_name', sysname),
  app_name: fact('app_name', sysname),
  original_db_name: fact('db_name', sysname),
  scope_identity: fact('scope_identity', decimal(38, 0)),
  xact_state: fact('xact_state', { name: 'smallint' }),
  error_number: fact('error_number', int),
  error_message: fact('error_message', nvarchar(4000)),
  error_severity: fact('error_severity', int),
  error_state: fact('error_state', int),
  error_line: fact('error_line', int),
  error_procedure: fact('error_procedure', sysname),
  rowcount_big: fact('@@rowcount', { name: 'bigint' }),
  serverproperty: answers('server'),
  is_srvrolemember: entry(1, 2, ({ binder, text }) => {
    const roles = binder.parameters.fact('server_roles', nvarchar(4000));
    return result(
      `CASE WHEN textin(bpcharout(${roles})) LIKE '%,' || lower(textin(bpcharout(${text(0).sql}))) || ',%' THEN 1 WHEN lower(textin(bpcharout(${text(0).sql}))) IN ('sysadmin', 'public', 'processadmin', 'serveradmin', 'securityadmin', 'dbcreator') THEN 0 END`,
      int,
    );
  }),
  is_rolemember: entry(1, 2, ({ binder, text }) =>
    memberOf(binder.parameters.fact('database_roles', nvarchar(4000)), text(0).sql),
  ),
  is_member: entry(1, 1, ({ binder, text }) =>
    memberOf(binder.parameters.fact('database_roles', nvarchar(4000)), text(0).sql),
  ),
  has_perms_by_name: entry(3, 5, ({ binder, text }) => {
    const allowed = binder.parameters.made(() => binder.environment.lookup('permissions'));
    const name = (at: number): string =>
      `lower(replace(replace(textin(bpcharout(${text(at).sql})), '[', ''), ']', ''))`;
    return result(`coalesce((${allowed} ->> (${name(0)} || '|' || ${name(2)}))::int4, 0)`, int);
  }),
  has_dbaccess: entry(1, 1, ({ binder, text }) => {
    const names = binder.parameters.fact('accessible', nvarchar(4000));
    return result(
      `CASE WHEN textin(bpcharout(${names})) LIKE '%,' || lower(textin(bpcharout(${text(0).sql}))) || ',%' THEN 1 ELSE 0 END`,
      int,
    );
  }),
  databasepropertyex: entry(2, 2, ({ text }) =>
    result(
      `CASE lower(textin(bpcharout(${text(1).sql}))) WHEN 'status' THEN 'ONLINE' WHEN 'updateability' THEN 'READ_WRITE' WHEN 'collation' THEN 'Latin1_General_100_CI_AS_SC' WHEN 'recovery' THEN 'SIMPLE' END::tsql.s`,
      nvarchar(128),
    ),
  ),
};

function memberOf(roles: string, role: string): ReturnType<typeof result> {
  return result(
    `CASE WHEN textin(bpcharout(${roles})) LIKE '%,' || lower(textin(bpcharout(${role}))) || ',%' THEN 1 ELSE 0 END`,
    int,
  );
}
