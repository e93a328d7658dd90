/** T-SQL's date and time functions. */
import type { TsqlType } from '../sql-engine.port.js';
import { compileError } from '../session/sql-error.js';
import type { Expression } from '../syntax/syntax-tree.js';
import { bigint, datetime, familyOf, int, nvarchar, spell } from '../types/tsql-types.js';
import { quoteText, type Bound } from './bound.js';
import {
  converted,
  entry,
  result,
  type CallContext,
  type FunctionEntry,
  type FunctionTable,
} from './function-table.js';

const parts: Record<string, string> = {
  year: 'year',
  yy: 'year',
  yyyy: 'year',
  quarter: 'quarter',
  qq: 'quarter',
  q: 'quarter',
  month: 'month',
  mm: 'month',
  m: 'month',
  dayofyear: 'dayofyear',
  dy: 'dayofyear',
  y: 'dayofyear',
  day: 'day',
  dd: 'day',
  d: 'day',
  week: 'week',
  wk: 'week',
  ww: 'week',
  weekday: 'weekday',
  dw: 'weekday',
  w: 'weekday',
  hour: 'hour',
  hh: 'hour',
  minute: 'minute',
  mi: 'minute',
  n: 'minute',
  second: 'second',
  ss: 'second',
  s: 'second',
  millisecond: 'millisecond',
  ms: 'millisecond',
  microsecond: 'microsecond',
  mcs: 'microsecond',
  nanosecond: 'nanosecond',
  ns: 'nanosecond',
  iso_week: 'iso_week',
  isowk: 'iso_week',
  isoww: 'iso_week',
  tzoffset: 'tzoffset',
  tz: 'tzoffset',
};

export const datetime2: TsqlType = { name: 'datetime2', scale: 7 };
const date: TsqlType = { name: 'date' };
const offset: TsqlType = { name: 'datetimeoffset', scale: 7 };

function partOf(call: CallContext): string {
  const node = call.nodes[0] as Expression;
  const written =
    node.kind === 'column' && node.parts.length === 1 ? (node.parts[0] as string) : '';
  const part = parts[written.toLowerCase()];
  if (!part) throw compileError(155, written || '1', call.name.toLowerCase());
  return part;
}

/** A date argument as a PostgreSQL timestamp; strings and numbers convert to datetime first. */
function moment(value: Bound): string {
  if (value.untyped) return 'NULL::timestamp';
  if (familyOf(value.type) !== 'datetime')
    return `(${converted(value, familyOf(value.type) === 'string' ? datetime2 : datetime)})`;
  if (value.type.name === 'datetimeoffset') return `tsql.local_time(${value.sql})`;
  return value.type.name === 'time'
    ? `(timestamp '1900-01-01' + ${value.sql})`
    : `(${value.sql})::timestamp`;
}

function dateAdd(call: CallContext): Bound {
  const part = { dayofyear: 'day', weekday: 'day' }[partOf(call)] ?? partOf(call);
  if (['iso_week', 'tzoffset'].includes(part)) throw compileError(9810, part, 'dateadd');
  const value = call.value(2);
  const type = familyOf(value.type) === 'datetime' ? value.type : datetime;
  if (
    type.name === 'date' &&
    ['hour', 'minute', 'second', 'millisecond', 'microsecond', 'nanosecond'].includes(part)
  )
    throw compileError(9810, part, 'dateadd');
  const sum = `tsql.date_add(${quoteText(part)}, (${call.as(1, int)})::int8, ${moment(value)})`;
  const moved: Bound = result(sum, datetime2, value.nullable);
  if (type.name === 'datetimeoffset')
    return result(`tsql.offset_from(${sum}, (${value.sql}).minutes)`, type);
  return result(`(${converted(moved, type)})`, type);
}

const dateDiff = (large: boolean): FunctionEntry =>
  entry(3, 3, (call) => {
    const part = { dayofyear: 'day', weekday: 'day' }[partOf(call)] ?? partOf(call);
    const fn = large ? 'date_diff' : 'date_diff_int';
    return result(
      `tsql.${fn}(${quoteText(part)}, ${moment(call.value(1))}, ${moment(call.value(2))})`,
      large ? bigint : int,
    );
  });

const single = (part: string): FunctionEntry =>
  entry(1, 1, (call) =>
    result(`tsql.date_part('${part}', ${moment(call.value(0))})`, int, call.value(0).nullable),
  );

const clock = (sql: string, type: TsqlType): FunctionEntry =>
  entry(0, 0, () => result(sql, type, false));
const utc = "(statement_timestamp() AT TIME ZONE 'UTC')";

export const dateFunctions: FunctionTable = {
  getdate: clock('tsql.to_datetime(statement_timestamp()::timestamp, false)', datetime),
  current_timestamp: clock('tsql.to_datetime(statement_timestamp()::timestamp, false)', datetime),
  getutcdate: clock(`tsql.to_datetime(${utc}, false)`, datetime),
  sysdatetime: clock('(statement_timestamp()::timestamp)', datetime2),
  sysutcdatetime: clock(utc, datetime2),
  sysdatetimeoffset: clock(
    'tsql.offset_from(statement_timestamp()::timestamp, (extract(timezone FROM statement_timestamp()) / 60)::int)',
    offset,
  ),
  dateadd: entry(3, 3, dateAdd),
  datediff: dateDiff(false),
  datediff_big: dateDiff(true),
  datepart: entry(2, 2, (call) => {
    const part = partOf(call);
    const value = call.value(1);
    if (part === 'tzoffset') {
      if (value.type.name !== 'datetimeoffset') throw compileError(9810, part, 'datepart');
      return result(`(${value.sql}).minutes`, int);
    }
    return result(`tsql.date_part(${quoteText(part)}, ${moment(value)})`, int, value.nullable);
  }),
  datename: entry(2, 2, (call) =>
    result(`tsql.date_name(${quoteText(partOf(call))}, ${moment(call.value(1))})`, nvarchar(30)),
  ),
  year: single('year'),
  month: single('month'),
  day: single('day'),
  eomonth: entry(1, 2, (call) => {
    const shift = call.count === 2 ? ` + (${call.as(1, int)}) * interval '1 month'` : '';
    return result(
      `(date_trunc('month', ${moment(call.value(0))})${shift} + interval '1 month - 1 day')::date`,
      date,
    );
  }),
  datefromparts: entry(3, 3, (call) =>
    result(`tsql.date_from(${[0, 1, 2].map((i) => call.as(i, int)).join(', ')})`, date),
  ),
  timefromparts: entry(5, 5, (call) => {
    const scale = Number(call.value(4).literal ?? 7);
    const sql = `tsql.time_from(${[0, 1, 2].map((i) => call.as(i, int)).join(', ')}, (${call.as(3, int)} * 10.0 ^ (6 - ${scale}))::int)`;
    return result(sql, { name: 'time', scale });
  }),
  datetimefromparts: entry(7, 7, (call) => {
    const [y, m, d, h, mi, s, ms] = [0, 1, 2, 3, 4, 5, 6].map((i) => call.as(i, int));
    return result(
      `tsql.to_datetime(tsql.date_from(${y}, ${m}, ${d}) + tsql.time_from(${h}, ${mi}, ${s}, ${ms} * 1000), false)`,
      datetime,
    );
  }),
  datetime2fromparts: entry(8, 8, (call) => {
    const [y, m, d, h, mi, s, f] = [0, 1, 2, 3, 4, 5, 6].map((i) => call.as(i, int));
    const scale = Number(call.value(7).literal ?? 7);
    if (scale === 7) throw compileError(40515, 'DATETIME2FROMPARTS with a precision of 7');
    return result(
      `(tsql.date_from(${y}, ${m}, ${d}) + tsql.time_from(${h}, ${mi}, ${s}, (${f} * 10 ^ (6 - ${scale}))::int))`,
      { name: 'datetime2', scale },
    );
  }),
  switchoffset: entry(2, 2, (call) => {
    const value = call.value(0);
    const zone = call.value(1);
    if (value.type.name !== 'datetimeoffset')
      throw compileError(206, spell(value.type), 'datetimeoffset');
    const minutes =
      familyOf(zone.type) === 'string'
        ? `(tsql.parse_offset(('2000-01-01 00:00 ' || textin(bpcharout(${zone.sql})))::tsql.s, NULL, false)).minutes`
        : call.as(1, int);
    return result(`ROW((${value.sql}).utc, ${minutes})::tsql.dto`, value.type);
  }),
  todatetimeoffset: entry(2, 2, (call) => {
    const zone = call.value(1);
    const minutes =
      familyOf(zone.type) === 'string'
        ? `(tsql.parse_offset(('2000-01-01 00:00 ' || textin(bpcharout(${zone.sql})))::tsql.s, NULL, false)).minutes`
        : call.as(1, int);
    return result(`tsql.offset_from(${moment(call.value(0))}, ${minutes})`, offset);
  }),
  isdate: entry(1, 1, (call) =>
    result(
      `(tsql.parse_date(${call.text(0).sql}, NULL, 'datetime', true) IS NOT NULL)::int4`,
      int,
      false,
    ),
  ),
};
