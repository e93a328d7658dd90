/** Values of `@@…` and of the functions that tell about the session. */
import type { SqlValue } from '../sql-engine.port.js';
import type { Frame } from './frame.js';
import type { SessionState } from './session-state.js';

export const versionText =
  'Microsoft SQL Server 2022 compatible - 16.0.1000.6 (X64) Conduit Sandbox clinic: a stand-in for tests, not Microsoft SQL Server';

type Fact = (state: SessionState, frame: Frame) => SqlValue;

const facts: Record<string, Fact> = {
  '@@rowcount': (state) => state.rowCount,
  '@@error': (state) => state.errorNumber,
  '@@trancount': (state) => state.transactionCount,
  '@@nestlevel': (_state, frame) => frame.depth,
  '@@procid': (state, frame) =>
    state.view.all().find((object) => object.name === frame.procedure)?.id ?? 0,
  '@@max_connections': () => 32767,
  '@@lock_timeout': (state) => state.lockTimeoutMs,
  '@@spid': (state) => state.facts.spid,
  '@@datefirst': () => 7,
  '@@identity': (state) => state.lastIdentity,
  '@@version': () => versionText,
  '@@servername': () => 'CONDUITSANDBOX',
  '@@servicename': () => 'MSSQLSERVER',
  '@@language': () => 'us_english',
  '@@microsoftversion': () => 0x100003e8,
  '@@options': () => 5496,
  '@@textsize': () => 2147483647,
  scope_identity: (_state, frame) => frame.scopeIdentity,
  db_name: (state) => state.catalogue,
  db_id: (state) => state.services.catalogues.indexOf(state.catalogue) + 1,
  schema_id: () => 1,
  schema_name: () => 'dbo',
  user_name: (state) => (state.rights.isAdmin ? 'dbo' : state.facts.user),
  login: (state) => state.facts.user,
  host_name: (state) => state.facts.hostName,
  app_name: (state) => state.facts.appName,
  xact_state: (state) => (state.transactionCount === 0 ? 0 : state.doomed ? -1 : 1),
  error_number: (state) => state.handled.at(-1)?.number ?? null,
  error_message: (state) => state.handled.at(-1)?.message ?? null,
  error_severity: (state) => state.handled.at(-1)?.severity ?? null,
  error_state: (state) => state.handled.at(-1)?.state ?? null,
  error_line: (state) => state.handled.at(-1)?.line ?? null,
  error_procedure: (state) => state.handled.at(-1)?.procedure ?? null,
  server_roles: (state) =>
    state.rights.isAdmin
      ? ',sysadmin,public,'
      : state.rights.login.alterAnyConnection
        ? ',processadmin,public,'
        : ',public,',
  database_roles: (state) => `,public,${databaseRoles(state).join(',')},`,
  accessible: (state) =>
    `,${state.services.catalogues
      .filter((name) => state.rights.mayEnter(name))
      .map((name) => name.toLowerCase())
      .join(',')},`,
};

function databaseRoles(state: SessionState): string[] {
  switch (state.rights.right(state.catalogue)) {
    case 'owner':
      return ['db_owner'];
    case 'readWrite':
      return ['db_datareader', 'db_datawriter'];
    case 'read':
      return ['db_datareader'];
    default:
      return [];
  }
}

export function sessionFact(name: string, state: SessionState, frame: Frame): SqlValue {
  return facts[name]?.(state, frame) ?? null;
}
