/** PostgreSQL's errors in SQL Server's numbers, wording and severity. */
import type { PostgresError } from '../postgres/postgres-connection.js';
import { fullName, type TableDefinition } from '../schema/definitions.js';
import { SqlError, sqlError } from './sql-error.js';

export interface ErrorContext {
  spid: number;
  snapshot: boolean;
  action: string;
  table: TableDefinition | undefined;
  /** A table by PostgreSQL's schema and name. */
  findTable(schema: string | undefined, name: string | undefined): TableDefinition | undefined;
}

/** Numbers that end the batch and the transaction with it. */
const aborting = new Set([241, 242, 244, 245, 248, 235, 1205, 3960, 8114, 8169]);

export function translateError(error: PostgresError, context: ErrorContext): SqlError {
  const translated = translate(error, context);
  translated.abortsTransaction = aborting.has(translated.number);
  return translated;
}

function translate(error: PostgresError, context: ErrorContext): SqlError {
  const own = /^T(\d{4})$/.exec(error.code);
  if (own) return new SqlError(Number(own[1]), 16, 1, error.message);
  const table = context.findTable(error.schema, error.table) ?? context.table;
  switch (error.code) {
    case '22012':
      return sqlError(8134);
    case '22003':
      return sqlError(
        8115,
        'expression',
        /bigint/.test(error.message)
          ? 'bigint'
          : /smallint/.test(error.message)
            ? 'smallint'
            : /integer/.test(error.message)
              ? 'int'
              : 'numeric',
      );
    case '23505':
      return duplicate(error, table);
    case '23503':
      return foreignKey(error, context, table);
    case '23514':
      return checkViolation(error, context, table);
    case '23502':
      return sqlError(
        515,
        declared(table, error.column),
        table ? fullName(table) : (error.table ?? ''),
        context.action === 'UPDATE' ? 'UPDATE' : 'INSERT',
      );
    case '21000':
      return context.action === 'MERGE' ? sqlError(8672) : sqlError(512);
    case '40P01':
      return sqlError(1205, context.spid);
    case '40001':
      return context.snapshot
        ? sqlError(3960, table ? `${table.schema}.${table.name}` : '', table?.catalogue ?? '')
        : sqlError(1205, context.spid);
    case '55P03':
      return sqlError(1222);
    case '42501':
      return sqlError(
        229,
        context.action,
        table?.name ?? '',
        table?.catalogue ?? '',
        table?.schema ?? 'dbo',
      );
    case '42803':
    case '42P20':
      return grouping(error);
    case '22008':
    case '22007':
    case '22015':
      return sqlError(241);
    case '2201W':
    case '2201X':
      return error.code === '2201X' ? sqlError(10742) : sqlError(1060);
    case '2201E':
    case '2201F':
      return sqlError(3623);
    case '55000':
      return sqlError(4406, table ? fullName(table) : '');
    case '54001':
    case '54000':
      return sqlError(8624);
    default:
      return sqlError(8624);
  }
}

/** `Key (a, b)=(1, x) already exists.` holds the values in SQL Server's own form. */
function keyValue(error: PostgresError): string {
  return (
    /=\((.*)\) (?:already exists|conflicts|is duplicated)/s
      .exec(error.detail ?? '')?.[1]
      ?.replace(/\bnull\b/g, '<NULL>') ?? ''
  );
}

function duplicate(error: PostgresError, table: TableDefinition | undefined): SqlError {
  const wanted = (error.constraint ?? '').replace(/~blank$/, '').toLowerCase();
  const place = table ? `${table.schema}.${table.name}` : (error.table ?? '');
  const constraint = table?.constraints.find(({ name }) => name.toLowerCase() === wanted);
  if (constraint)
    return sqlError(
      2627,
      constraint.kind === 'primary' ? 'PRIMARY KEY' : 'UNIQUE KEY',
      constraint.name,
      place,
      keyValue(error),
    );
  const index = table?.indexes.find(
    ({ name }) => wanted === name.toLowerCase() || wanted.endsWith(`.${name.toLowerCase()}`),
  );
  return sqlError(2601, place, index?.name ?? error.constraint ?? '', keyValue(error));
}

function foreignKey(
  error: PostgresError,
  context: ErrorContext,
  table: TableDefinition | undefined,
): SqlError {
  const referenced = /is still referenced from table|is not present in table/.exec(
    error.detail ?? '',
  )?.[0];
  const isParent = referenced?.startsWith('is still') ?? false;
  const constraint = table?.constraints.find(
    ({ name }) => name.toLowerCase() === (error.constraint ?? '').toLowerCase(),
  );
  const other = constraint?.references?.table;
  const place =
    isParent || !other ? `${table?.schema}.${table?.name}` : other.split('.').slice(1).join('.');
  const columns =
    isParent || !constraint?.references ? constraint?.columns : constraint.references.columns;
  const column = columns?.length === 1 ? `, column '${columns[0]}'` : '';
  return sqlError(
    547,
    context.action,
    isParent ? 'REFERENCE' : 'FOREIGN KEY',
    constraint?.name ?? error.constraint ?? '',
    table?.catalogue ?? '',
    place,
    column,
  );
}

function checkViolation(
  error: PostgresError,
  context: ErrorContext,
  table: TableDefinition | undefined,
): SqlError {
  const constraint = table?.constraints.find(
    ({ name }) => name.toLowerCase() === (error.constraint ?? '').toLowerCase(),
  );
  const column = constraint?.columns.length === 1 ? `, column '${constraint.columns[0]}'` : '';
  return sqlError(
    547,
    context.action,
    'CHECK',
    constraint?.name ?? error.constraint ?? '',
    table?.catalogue ?? '',
    `${table?.schema}.${table?.name}`,
    column,
  );
}

function declared(table: TableDefinition | undefined, column: string | undefined): string {
  return table?.columns.find(({ name }) => name.toLowerCase() === column)?.name ?? column ?? '';
}

function grouping(error: PostgresError): SqlError {
  if (/aggregate functions are not allowed in WHERE/.test(error.message)) return sqlError(147);
  if (/window functions are not allowed/.test(error.message)) return sqlError(4108);
  if (/cannot contain|nested/.test(error.message)) return sqlError(130);
  const column = /column "(?:[^".]+\.)?([^"]+)"/.exec(error.message)?.[1] ?? '';
  return sqlError(8120, column);
}
