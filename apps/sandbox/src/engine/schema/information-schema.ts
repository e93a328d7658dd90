/** INFORMATION_SCHEMA. */
import type { TsqlType } from '../sql-engine.port.js';
import { familyOf, isUnicode, lengthOf, precisionOf } from '../types/tsql-types.js';
import { visibleTables, type Row, type ViewBuilder } from './system-view.js';

/** Length, precision and scale as the standard's columns show them. */
export function typeFacts(type: TsqlType): Row {
  const family = familyOf(type);
  const sized = family === 'string' || family === 'binary';
  const length = lengthOf(type) === Infinity ? -1 : lengthOf(type);
  const numeric = ['integer', 'decimal', 'money'].includes(family);
  const digits: Record<string, number> = { datetime: 3, smalldatetime: 0, date: 0 };
  return {
    DATA_TYPE: type.name === 'sysname' ? 'nvarchar' : type.name,
    CHARACTER_MAXIMUM_LENGTH: sized ? length : null,
    CHARACTER_OCTET_LENGTH: sized ? (length > 0 && isUnicode(type) ? length * 2 : length) : null,
    NUMERIC_PRECISION: numeric
      ? precisionOf(type).precision
      : type.name === 'float'
        ? 53
        : type.name === 'real'
          ? 24
          : null,
    NUMERIC_PRECISION_RADIX: numeric ? 10 : family === 'float' ? 2 : null,
    NUMERIC_SCALE: numeric ? precisionOf(type).scale : null,
    DATETIME_PRECISION: family === 'datetime' ? (digits[type.name] ?? type.scale ?? 7) : null,
    CHARACTER_SET_NAME: family === 'string' ? (isUnicode(type) ? 'UNICODE' : 'iso_1') : null,
    COLLATION_NAME: family === 'string' ? 'Latin1_General_100_CI_AS_SC' : null,
  };
}

const typeColumns = {
  DATA_TYPE: 'name',
  CHARACTER_MAXIMUM_LENGTH: 'int',
  CHARACTER_OCTET_LENGTH: 'int',
  NUMERIC_PRECISION: 'tinyint',
  NUMERIC_PRECISION_RADIX: 'smallint',
  NUMERIC_SCALE: 'int',
  DATETIME_PRECISION: 'smallint',
  CHARACTER_SET_NAME: 'name',
  COLLATION_NAME: 'name',
} as const;

const constraintWords = {
  primary: 'PRIMARY KEY',
  unique: 'UNIQUE',
  foreign: 'FOREIGN KEY',
  check: 'CHECK',
};

export const informationSchema: Record<string, ViewBuilder> = {
  'information_schema.schemata': {
    columns: { CATALOG_NAME: 'name', SCHEMA_NAME: 'name', SCHEMA_OWNER: 'name' },
    rows: (state, catalogue) =>
      state.view
        .schemas(catalogue)
        .map((schema) => ({ CATALOG_NAME: catalogue, SCHEMA_NAME: schema, SCHEMA_OWNER: 'dbo' })),
  },
  'information_schema.tables': {
    columns: {
      TABLE_CATALOG: 'name',
      TABLE_SCHEMA: 'name',
      TABLE_NAME: 'name',
      TABLE_TYPE: 'name',
    },
    rows: (state, catalogue) =>
      visibleTables(state, catalogue).map((table) => ({
        TABLE_CATALOG: catalogue,
        TABLE_SCHEMA: table.schema,
        TABLE_NAME: table.name,
        TABLE_TYPE: table.kind === 'view' ? 'VIEW' : 'BASE TABLE',
      })),
  },
  'information_schema.views': {
    columns: {
      TABLE_CATALOG: 'name',
      TABLE_SCHEMA: 'name',
      TABLE_NAME: 'name',
      VIEW_DEFINITION: 'text',
      CHECK_OPTION: 'name',
      IS_UPDATABLE: 'name',
    },
    rows: (state, catalogue) =>
      visibleTables(state, catalogue)
        .filter((table) => table.kind === 'view')
        .map((table) => ({
          TABLE_CATALOG: catalogue,
          TABLE_SCHEMA: table.schema,
          TABLE_NAME: table.name,
          VIEW_DEFINITION: table.text ?? null,
          CHECK_OPTION: 'NONE',
          IS_UPDATABLE: 'NO',
        })),
  },
  'information_schema.columns': {
    columns: {
      TABLE_CATALOG: 'name',
      TABLE_SCHEMA: 'name',
      TABLE_NAME: 'name',
      COLUMN_NAME: 'name',
      ORDINAL_POSITION: 'int',
      COLUMN_DEFAULT: 'text',
      IS_NULLABLE: 'name',
      ...typeColumns,
    },
    rows: (state, catalogue) =>
      visibleTables(state, catalogue).flatMap((table) =>
        table.columns.map((column, i) => ({
          TABLE_CATALOG: catalogue,
          TABLE_SCHEMA: table.schema,
          TABLE_NAME: table.name,
          COLUMN_NAME: column.name,
          ORDINAL_POSITION: i + 1,
          COLUMN_DEFAULT: column.defaultText === undefined ? null : `(${column.defaultText})`,
          IS_NULLABLE: column.nullable ? 'YES' : 'NO',
          ...typeFacts(column.type),
        })),
      ),
  },
  'information_schema.routines': {
    columns: {
      SPECIFIC_CATALOG: 'name',
      SPECIFIC_SCHEMA: 'name',
      SPECIFIC_NAME: 'name',
      ROUTINE_CATALOG: 'name',
      ROUTINE_SCHEMA: 'name',
      ROUTINE_NAME: 'name',
      ROUTINE_TYPE: 'name',
      ROUTINE_DEFINITION: 'text',
      CREATED: 'datetime',
      LAST_ALTERED: 'datetime',
    },
    rows: (state, catalogue) =>
      state.view
        .all()
        .filter(
          (object) =>
            object.kind === 'procedure' &&
            object.catalogue === catalogue &&
            state.rights.mayEnter(catalogue),
        )
        .map((object) => ({
          SPECIFIC_CATALOG: catalogue,
          SPECIFIC_SCHEMA: object.schema,
          SPECIFIC_NAME: object.name,
          ROUTINE_CATALOG: catalogue,
          ROUTINE_SCHEMA: object.schema,
          ROUTINE_NAME: object.name,
          ROUTINE_TYPE: 'PROCEDURE',
          ROUTINE_DEFINITION: object.kind === 'procedure' ? object.text.slice(0, 4000) : null,
          CREATED: object.created,
          LAST_ALTERED: object.modified,
        })),
  },
  'information_schema.parameters': {
    columns: {
      SPECIFIC_CATALOG: 'name',
      SPECIFIC_SCHEMA: 'name',
      SPECIFIC_NAME: 'name',
      ORDINAL_POSITION: 'int',
      PARAMETER_MODE: 'name',
      IS_RESULT: 'name',
      PARAMETER_NAME: 'name',
      ...typeColumns,
    },
    rows: (state, catalogue) =>
      state.view.all().flatMap((object) =>
        object.kind === 'procedure' &&
        object.catalogue === catalogue &&
        state.rights.mayEnter(catalogue)
          ? object.parameters.map((parameter, i) => ({
              SPECIFIC_CATALOG: catalogue,
              SPECIFIC_SCHEMA: object.schema,
              SPECIFIC_NAME: object.name,
              ORDINAL_POSITION: i + 1,
              PARAMETER_MODE: parameter.output ? 'INOUT' : 'IN',
              IS_RESULT: 'NO',
              PARAMETER_NAME: parameter.name,
              ...typeFacts(parameter.type),
            }))
          : [],
      ),
  },
  'information_schema.table_constraints': {
    columns: {
      CONSTRAINT_CATALOG: 'name',
      CONSTRAINT_SCHEMA: 'name',
      CONSTRAINT_NAME: 'name',
      TABLE_CATALOG: 'name',
      TABLE_SCHEMA: 'name',
      TABLE_NAME: 'name',
      CONSTRAINT_TYPE: 'name',
      IS_DEFERRABLE: 'name',
      INITIALLY_DEFERRED: 'name',
    },
    rows: (state, catalogue) =>
      visibleTables(state, catalogue).flatMap((table) =>
        table.constraints.map((constraint) => ({
          CONSTRAINT_CATALOG: catalogue,
          CONSTRAINT_SCHEMA: table.schema,
          CONSTRAINT_NAME: constraint.name,
          TABLE_CATALOG: catalogue,
          TABLE_SCHEMA: table.schema,
          TABLE_NAME: table.name,
          CONSTRAINT_TYPE: constraintWords[constraint.kind],
          IS_DEFERRABLE: 'NO',
          INITIALLY_DEFERRED: 'NO',
        })),
      ),
  },
  'information_schema.key_column_usage': {
    columns: {
      CONSTRAINT_CATALOG: 'name',
      CONSTRAINT_SCHEMA: 'name',
      CONSTRAINT_NAME: 'name',
      TABLE_CATALOG: 'name',
      TABLE_SCHEMA: 'name',
      TABLE_NAME: 'name',
      COLUMN_NAME: 'name',
      ORDINAL_POSITION: 'int',
    },
    rows: (state, catalogue) =>
      visibleTables(state, catalogue).flatMap((table) =>
        table.constraints
          .filter(({ kind }) => kind !== 'check')
          .flatMap((constraint) =>
            constraint.columns.map((name, i) => ({
              CONSTRAINT_CATALOG: catalogue,
              CONSTRAINT_SCHEMA: table.schema,
              CONSTRAINT_NAME: constraint.name,
              TABLE_CATALOG: catalogue,
              TABLE_SCHEMA: table.schema,
              TABLE_NAME: table.name,
              COLUMN_NAME: name,
              ORDINAL_POSITION: i + 1,
            })),
          ),
      ),
  },
  'information_schema.referential_constraints': {
    columns: {
      CONSTRAINT_CATALOG: 'name',
      CONSTRAINT_SCHEMA: 'name',
      CONSTRAINT_NAME: 'name',
      UNIQUE_CONSTRAINT_NAME: 'name',
      UPDATE_RULE: 'name',
      DELETE_RULE: 'name',
    },
    rows: (state, catalogue) =>
      visibleTables(state, catalogue).flatMap((table) =>
        table.constraints
          .filter(({ kind }) => kind === 'foreign')
          .map((constraint) => ({
            CONSTRAINT_CATALOG: catalogue,
            CONSTRAINT_SCHEMA: table.schema,
            CONSTRAINT_NAME: constraint.name,
            UNIQUE_CONSTRAINT_NAME:
              visibleTables(state, catalogue)
                .find(
                  (other) =>
                    `${other.catalogue}.${other.schema}.${other.name}` ===
                    constraint.references?.table,
                )
                ?.constraints.find(({ kind }) => kind === 'primary')?.name ?? null,
            UPDATE_RULE: constraint.references?.onUpdate ?? 'NO ACTION',
            DELETE_RULE: constraint.references?.onDelete ?? 'NO ACTION',
          })),
      ),
  },
};
