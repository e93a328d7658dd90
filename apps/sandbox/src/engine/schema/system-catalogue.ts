/** The sys views: objects of the current catalogue, and the sessions of the server. */
import type { TsqlType, TsqlTypeName } from '../sql-engine.port.js';
import type { SessionState } from '../session/session-state.js';
import { familyOf, isUnicode, lengthOf, precisionOf } from '../types/tsql-types.js';
import { visibleTables, type Row, type ViewBuilder } from './system-view.js';

const typeIds: Partial<Record<TsqlTypeName, [id: number, length: number]>> = {
  image: [34, 16],
  text: [35, 16],
  uniqueidentifier: [36, 16],
  date: [40, 3],
  time: [41, 5],
  datetime2: [42, 8],
  datetimeoffset: [43, 10],
  tinyint: [48, 1],
  smallint: [52, 2],
  int: [56, 4],
  smalldatetime: [58, 4],
  real: [59, 4],
  money: [60, 8],
  datetime: [61, 8],
  float: [62, 8],
  sql_variant: [98, 8016],
  ntext: [99, 16],
  bit: [104, 1],
  decimal: [106, 17],
  numeric: [108, 17],
  smallmoney: [122, 4],
  bigint: [127, 8],
  varbinary: [165, 8000],
  varchar: [167, 8000],
  binary: [173, 8000],
  char: [175, 8000],
  timestamp: [189, 8],
  nvarchar: [231, 8000],
  nchar: [239, 8000],
  sysname: [231, 256],
  xml: [241, -1],
};

function typeFacts(type: TsqlType): Row {
  const family = familyOf(type);
  const sized = family === 'string' || family === 'binary';
  const length = lengthOf(type) === Infinity ? -1 : lengthOf(type) * (isUnicode(type) ? 2 : 1);
  const numeric = ['integer', 'decimal', 'money', 'bit'].includes(family);
  return {
    system_type_id: typeIds[type.name]?.[0] ?? 0,
    user_type_id: typeIds[type.name]?.[0] ?? 0,
    max_length: sized ? length : (typeIds[type.name]?.[1] ?? 0),
    precision: numeric ? precisionOf(type).precision : family === 'float' ? 53 : 0,
    scale: numeric ? precisionOf(type).scale : (type.scale ?? 0),
    collation_name: family === 'string' ? 'Latin1_General_100_CI_AS_SC' : null,
  };
}

function schemaId(state: SessionState, catalogue: string, schema: string): number {
  return (
    state.view.schemas(catalogue).findIndex((name) => name.toLowerCase() === schema.toLowerCase()) +
    1
  );
}

const objectColumns = {
  name: 'name',
  object_id: 'int',
  schema_id: 'int',
  principal_id: 'int',
  parent_object_id: 'int',
  type: 'char2',
  type_desc: 'name',
  create_date: 'datetime',
  modify_date: 'datetime',
  is_ms_shipped: 'bit',
} as const;

const kinds = {
  table: ['U ', 'USER_TABLE'],
  view: ['V ', 'VIEW'],
  procedure: ['P ', 'SQL_STORED_PROCEDURE'],
} as const;

function objects(state: SessionState, catalogue: string, kind?: keyof typeof kinds): Row[] {
  if (!state.rights.mayEnter(catalogue)) return [];
  return state.view
    .all()
    .filter((object) => object.catalogue === catalogue && (!kind || object.kind === kind))
    .sort((a, b) => a.id - b.id)
    .map((object) => ({
      name: object.name,
      object_id: object.id,
      schema_id: schemaId(state, catalogue, object.schema),
      principal_id: null,
      parent_object_id: 0,
      type: kinds[object.kind][0],
      type_desc: kinds[object.kind][1],
      create_date: object.created,
      modify_date: object.modified,
      is_ms_shipped: 0,
    }));
}

const ofKind = (kind: keyof typeof kinds): ViewBuilder => ({
  columns: objectColumns,
  rows: (state, catalogue) => objects(state, catalogue, kind),
});

/** Other logins' sessions are shown to those who may end them. */
function sessionsSeen(state: SessionState): SessionState[] {
  const all = state.services.sessions();
  return state.rights.isAdmin || state.rights.login.alterAnyConnection
    ? all
    : all.filter((session) => session === state);
}

export const systemCatalogue: Record<string, ViewBuilder> = {
  'sys.databases': {
    columns: {
      name: 'name',
      database_id: 'int',
      create_date: 'datetime',
      compatibility_level: 'tinyint',
      collation_name: 'name',
      user_access_desc: 'name',
      is_read_only: 'bit',
      state: 'tinyint',
      state_desc: 'name',
      snapshot_isolation_state: 'tinyint',
      is_read_committed_snapshot_on: 'bit',
      recovery_model_desc: 'name',
    },
    rows: (state) =>
      state.services.catalogues.map((name, i) => ({
        name,
        database_id: i + 1,
        create_date: state.facts.loginTime,
        compatibility_level: 160,
        collation_name: 'Latin1_General_100_CI_AS_SC',
        user_access_desc: 'MULTI_USER',
        is_read_only: 0,
        state: 0,
        state_desc: 'ONLINE',
        snapshot_isolation_state: 1,
        is_read_committed_snapshot_on: 1,
        recovery_model_desc: 'SIMPLE',
      })),
  },
  'sys.schemas': {
    columns: { name: 'name', schema_id: 'int', principal_id: 'int' },
    rows: (state, catalogue) =>
      state.view.schemas(catalogue).map((name, i) => ({ name, schema_id: i + 1, principal_id: 1 })),
  },
  'sys.objects': { columns: objectColumns, rows: (state, catalogue) => objects(state, catalogue) },
  'sys.all_objects': {
    columns: objectColumns,
    rows: (state, catalogue) => objects(state, catalogue),
  },
  'sys.tables': ofKind('table'),
  'sys.views': ofKind('view'),
  'sys.procedures': ofKind('procedure'),
  'sys.columns': {
    columns: {
      object_id: 'int',
      name: 'name',
      column_id: 'int',
      system_type_id: 'tinyint',
      user_type_id: 'int',
      max_length: 'smallint',
      precision: 'tinyint',
      scale: 'tinyint',
      collation_name: 'name',
      is_nullable: 'bit',
      is_identity: 'bit',
      is_computed: 'bit',
      default_object_id: 'int',
    },
    rows: (state, catalogue) =>
      visibleTables(state, catalogue).flatMap((table) =>
        table.columns.map((column, i) => ({
          object_id: table.id,
          name: column.name,
          column_id: i + 1,
          ...typeFacts(column.type),
          is_nullable: Number(column.nullable),
          is_identity: Number(column.identity !== undefined),
          is_computed: Number(column.computed !== undefined),
          default_object_id: 0,
        })),
      ),
  },
  'sys.types': {
    columns: {
      name: 'name',
      system_type_id: 'tinyint',
      user_type_id: 'int',
      schema_id: 'int',
      max_length: 'smallint',
      is_user_defined: 'bit',
    },
    rows: () =>
      Object.entries(typeIds).map(([name, [id, length]]) => ({
        name,
        system_type_id: id,
        user_type_id: name === 'sysname' ? 256 : id,
        schema_id: 4,
        max_length: length,
        is_user_defined: 0,
      })),
  },
  'sys.parameters': {
    columns: {
      object_id: 'int',
      name: 'name',
      parameter_id: 'int',
      system_type_id: 'tinyint',
      user_type_id: 'int',
      max_length: 'smallint',
      precision: 'tinyint',
      scale: 'tinyint',
      is_output: 'bit',
      has_default_value: 'bit',
    },
    rows: (state, catalogue) =>
      state.view.all().flatMap((object) =>
        object.kind === 'procedure' &&
        object.catalogue === catalogue &&
        state.rights.mayEnter(catalogue)
          ? object.parameters.map((parameter, i) => ({
              object_id: object.id,
              name: parameter.name,
              parameter_id: i + 1,
              ...typeFacts(parameter.type),
              is_output: Number(parameter.output),
              has_default_value: 0,
            }))
          : [],
      ),
  },
  'sys.indexes': {
    columns: {
      object_id: 'int',
      name: 'name',
      index_id: 'int',
      type: 'tinyint',
      type_desc: 'name',
      is_unique: 'bit',
      is_primary_key: 'bit',
      is_unique_constraint: 'bit',
      is_disabled: 'bit',
    },
    rows: (state, catalogue) =>
      visibleTables(state, catalogue).flatMap((table) =>
        [
          ...table.constraints
            .filter(({ kind }) => kind === 'primary' || kind === 'unique')
            .map(({ name, kind }) => ({ name, unique: true, kind: kind as string })),
          ...table.indexes.map(({ name, unique }) => ({ name, unique, kind: 'index' })),
        ].map(({ name, unique, kind }, i) => ({
          object_id: table.id,
          name,
          index_id: i + 1,
          type: kind === 'primary' ? 1 : 2,
          type_desc: kind === 'primary' ? 'CLUSTERED' : 'NONCLUSTERED',
          is_unique: Number(unique),
          is_primary_key: Number(kind === 'primary'),
          is_unique_constraint: Number(kind === 'unique'),
          is_disabled: 0,
        })),
      ),
  },
  'sys.server_principals': {
    columns: {
      name: 'name',
      principal_id: 'int',
      type: 'char2',
      type_desc: 'name',
      is_disabled: 'bit',
      default_database_name: 'name',
    },
    rows: (state) => [
      {
        name: state.facts.user,
        principal_id: 257,
        type: 'S ',
        type_desc: 'SQL_LOGIN',
        is_disabled: 0,
        default_database_name: state.homeCatalogue,
      },
    ],
  },
  'sys.database_principals': {
    columns: {
      name: 'name',
      principal_id: 'int',
      type: 'char2',
      type_desc: 'name',
      default_schema_name: 'name',
    },
    rows: (state) => [
      {
        name: 'dbo',
        principal_id: 1,
        type: 'S ',
        type_desc: 'SQL_USER',
        default_schema_name: 'dbo',
      },
      ...(state.rights.isAdmin
        ? []
        : [
            {
              name: state.facts.user,
              principal_id: 5,
              type: 'S ',
              type_desc: 'SQL_USER',
              default_schema_name: 'dbo',
            },
          ]),
    ],
  },
  'sys.sql_modules': {
    columns: { object_id: 'int', definition: 'text' },
    rows: (state, catalogue) =>
      state.view
        .all()
        .filter(
          (object) =>
            object.catalogue === catalogue &&
            object.kind !== 'table' &&
            state.rights.mayDefine(catalogue),
        )
        .map((object) => ({ object_id: object.id, definition: object.text ?? null })),
  },
  'sys.dm_exec_sessions': {
    columns: {
      session_id: 'smallint',
      login_time: 'datetime',
      host_name: 'name',
      program_name: 'name',
      login_name: 'name',
      original_login_name: 'name',
      status: 'name',
      database_id: 'smallint',
      open_transaction_count: 'int',
      is_user_process: 'bit',
    },
    rows: (state) =>
      sessionsSeen(state).map((session) => ({
        session_id: session.facts.spid,
        login_time: session.facts.loginTime,
        host_name: session.facts.hostName,
        program_name: session.facts.appName,
        login_name: session.facts.user,
        original_login_name: session.facts.user,
        status: session.running ? 'running' : 'sleeping',
        database_id: session.services.catalogues.indexOf(session.catalogue) + 1,
        open_transaction_count: session.transactionCount,
        is_user_process: 1,
      })),
  },
  'sys.dm_exec_requests': {
    columns: {
      session_id: 'smallint',
      request_id: 'int',
      start_time: 'datetime',
      status: 'name',
      command: 'name',
      database_id: 'smallint',
      blocking_session_id: 'smallint',
      wait_type: 'name',
      open_transaction_count: 'int',
    },
    rows: async (state) => {
      const blocking = await state.services.blocking();
      return sessionsSeen(state).flatMap((session) =>
        session.running
          ? [
              {
                session_id: session.facts.spid,
                request_id: 0,
                start_time: session.running.since,
                status: blocking.has(session.facts.spid) ? 'suspended' : 'running',
                command: session.running.command,
                database_id: session.services.catalogues.indexOf(session.catalogue) + 1,
                blocking_session_id: blocking.get(session.facts.spid) ?? 0,
                wait_type: blocking.has(session.facts.spid) ? 'LCK_M_X' : null,
                open_transaction_count: session.transactionCount,
              },
            ]
          : [],
      );
    },
  },
};
