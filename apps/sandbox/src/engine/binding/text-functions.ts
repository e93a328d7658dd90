/** T-SQL's string functions. */
import type { TsqlType } from '../sql-engine.port.js';
import { compileError } from '../session/sql-error.js';
import {
  bigint,
  familyOf,
  float,
  int,
  isUnicode,
  lengthOf,
  nvarchar,
  spell,
  varchar,
} from '../types/tsql-types.js';
import type { Bound } from './bound.js';
import {
  converted,
  entry,
  result,
  type CallContext,
  type FunctionEntry,
  type FunctionTable,
} from './function-table.js';

/** Same family of string as the argument, of another length. */
function like(value: Bound, length: number): TsqlType {
  const limit = isUnicode(value.type) ? 4000 : 8000;
  const size = length > limit ? 'max' : Math.max(1, length);
  return isUnicode(value.type) ? nvarchar(size) : varchar(size);
}

const same = (fn: string): FunctionEntry =>
  entry(1, 1, (call) => {
    const value = call.text(0);
    return result(`tsql.${fn}(${value.sql})`, like(value, lengthOf(value.type)), value.nullable);
  });

const trimmed = (fn: 'ltrim' | 'rtrim'): FunctionEntry =>
  entry(1, 2, (call) => {
    const value = call.text(0);
    const characters = call.count === 2 ? `textin(bpcharout(${call.text(1).sql}))` : "' '";
    return result(
      `tsql.${fn}(${value.sql}, ${characters})`,
      like(value, lengthOf(value.type)),
      value.nullable,
    );
  });

const slice = (fromEnd: boolean): FunctionEntry =>
  entry(2, 2, (call) => {
    const value = call.text(0);
    const count = call.value(1);
    const length =
      count.literal === undefined
        ? lengthOf(value.type)
        : Math.min(lengthOf(value.type), Number(count.literal));
    return result(`tsql.slice(${value.sql}, ${call.as(1, int)}, ${fromEnd})`, like(value, length));
  });

function substring(call: CallContext): Bound {
  const value = call.value(0);
  const args = `${call.as(1, int)}, ${call.as(2, int)}`;
  if (familyOf(value.type) === 'binary')
    return result(`tsql.substring(${value.sql}, ${args})`, value.type);
  if (familyOf(value.type) !== 'string')
    throw compileError(8116, spell(value.type), '1', 'substring');
  const count = call.value(2).literal;
  const length =
    count === undefined ? lengthOf(value.type) : Math.min(lengthOf(value.type), Number(count));
  return result(`tsql.substring(${call.text(0).sql}, ${args})`, like(value, length));
}

function concatenated(call: CallContext, from: number): { texts: Bound[]; type: TsqlType } {
  const texts = Array.from({ length: call.count - from }, (_, i) => call.text(i + from));
  const unicode = texts.some((text) => isUnicode(text.type));
  const total = texts.reduce((sum, text) => sum + lengthOf(text.type), 0);
  const limit = unicode ? 4000 : 8000;
  const size = total === Infinity ? 'max' : Math.min(limit, Math.max(1, total));
  return { texts, type: unicode ? nvarchar(size) : varchar(size) };
}

/** Text as SQL that an outer `||` or string_agg can take. */
const raw = (text: Bound): string =>
  `textin(bpcharout(${text.untyped ? 'NULL::tsql.s' : text.sql}))`;

export const textFunctions: FunctionTable = {
  len: entry(1, 1, (call) => {
    const value = call.value(0);
    if (familyOf(value.type) === 'binary') return result(`octet_length(${value.sql})`, int);
    return result(
      `tsql.len(${call.text(0).sql})`,
      lengthOf(value.type) === Infinity ? bigint : int,
      value.nullable,
    );
  }),
  datalength: entry(1, 1, (call) => {
    const value = call.value(0);
    const family = familyOf(value.type);
    const type = lengthOf(value.type) === Infinity ? bigint : int;
    if (family === 'binary') return result(`octet_length(${value.sql})`, type);
    if (family === 'string')
      return result(`tsql.data_length(${value.sql}, ${isUnicode(value.type)})`, type);
    const sizes: Record<string, number> = {
      bigint: 8,
      int: 4,
      smallint: 2,
      tinyint: 1,
      bit: 1,
      money: 8,
      smallmoney: 4,
      float: 8,
      real: 4,
      date: 3,
      datetime: 8,
      smalldatetime: 4,
      datetime2: 8,
      time: 5,
      datetimeoffset: 10,
      uniqueidentifier: 16,
    };
    const size =
      sizes[value.type.name] ??
      5 + 4 * [9, 19, 28].filter((limit) => (value.type.precision ?? 18) > limit).length;
    return result(`CASE WHEN (${value.sql}) IS NULL THEN NULL ELSE ${size} END`, int);
  }),
  upper: same('upper'),
  lower: same('lower'),
  reverse: same('reverse'),
  ltrim: trimmed('ltrim'),
  rtrim: trimmed('rtrim'),
  trim: entry(1, 2, (call) => {
    const subject = call.text(call.count - 1);
    const characters = call.count === 2 ? `textin(bpcharout(${call.text(0).sql}))` : "' '";
    return result(
      `tsql.ltrim(tsql.rtrim(${subject.sql}, ${characters}), ${characters})`,
      like(subject, lengthOf(subject.type)),
      subject.nullable,
    );
  }),
  left: slice(false),
  right: slice(true),
  substring: entry(3, 3, substring),
  charindex: entry(2, 3, (call) =>
    result(
      `tsql.charindex(${call.text(0).sql}, ${call.text(1).sql}, ${call.count === 3 ? call.as(2, int) : '1'})`,
      lengthOf(call.text(1).type) === Infinity ? bigint : int,
    ),
  ),
  patindex: entry(2, 2, (call) =>
    result(`tsql.patindex(${call.text(0).sql}, ${call.text(1).sql})`, int),
  ),
  replace: entry(3, 3, (call) => {
    const { texts, type } = concatenated(call, 0);
    const large = texts.some((text) => lengthOf(text.type) === Infinity);
    const size = large ? 'max' : isUnicode(type) ? 4000 : 8000;
    return result(
      `tsql.replace(${texts.map((text) => converted(text, text.type)).join(', ')})`,
      isUnicode(type) ? nvarchar(size) : varchar(size),
    );
  }),
  stuff: entry(4, 4, (call) => {
    const value = call.text(0);
    const insert = call.value(3).untyped ? 'NULL::tsql.s' : call.text(3).sql;
    return result(
      `tsql.stuff(${value.sql}, ${call.as(1, int)}, ${call.as(2, int)}, ${insert})`,
      like(value, lengthOf(value.type) + lengthOf(call.text(3).type)),
    );
  }),
  replicate: entry(2, 2, (call) => {
    const value = call.text(0);
    const count = Number(call.value(1).literal ?? NaN);
    const limit = isUnicode(value.type) ? 4000 : 8000;
    const length = Number.isNaN(count) ? limit : Math.min(limit, lengthOf(value.type) * count);
    const large = lengthOf(value.type) === Infinity;
    const sql = `tsql.replicate(${value.sql}, ${call.as(1, int)})`;
    return result(
      large ? sql : `tsql.cut(${sql}, ${limit})`,
      like(value, large ? Infinity : length),
    );
  }),
  space: entry(1, 1, (call) =>
    result(`tsql.replicate(' '::tsql.s, ${call.as(0, int)})`, varchar(8000)),
  ),
  char: entry(1, 1, (call) => result(`tsql.char(${call.as(0, int)})`, { name: 'char', length: 1 })),
  nchar: entry(1, 1, (call) =>
    result(`tsql.nchar(${call.as(0, int)})`, { name: 'nchar', length: 1 }),
  ),
  ascii: entry(1, 1, (call) => result(`tsql.ascii(${call.text(0).sql})`, int)),
  unicode: entry(1, 1, (call) => result(`tsql.unicode(${call.text(0).sql})`, int)),
  quotename: entry(1, 2, (call) =>
    result(
      `tsql.quote_name(${call.text(0).sql}, ${call.count === 2 ? raw(call.text(1)) : "'['"})`,
      nvarchar(258),
    ),
  ),
  str: entry(1, 3, (call) =>
    result(
      `tsql.str(${call.as(0, float)}, ${call.count > 1 ? call.as(1, int) : '10'}, ${call.count > 2 ? call.as(2, int) : '0'})`,
      varchar(Number(call.count > 1 ? (call.value(1).literal ?? 8000) : 10)),
    ),
  ),
  translate: entry(3, 3, (call) =>
    result(
      `tsql.translate(${[0, 1, 2].map((i) => call.text(i).sql).join(', ')})`,
      call.text(0).type,
    ),
  ),
  concat: entry(2, 254, (call) => {
    const { texts, type } = concatenated(call, 0);
    return result(
      `(${texts.map((text) => `coalesce(${raw(text)}, '')`).join(' || ')})::tsql.s`,
      type,
      false,
    );
  }),
  concat_ws: entry(3, 254, (call) => {
    const { texts, type } = concatenated(call, 1);
    const separator = call.text(0);
    const wide = isUnicode(type) || isUnicode(separator.type);
    return result(
      `concat_ws(coalesce(${raw(separator)}, ''), ${texts.map(raw).join(', ')})::tsql.s`,
      wide ? nvarchar(4000) : varchar(8000),
      false,
    );
  }),
  hashbytes: entry(2, 2, (call) => {
    const value = call.value(1);
    if (!['string', 'binary'].includes(familyOf(value.type)))
      throw compileError(8116, spell(value.type), '2', 'hashbytes');
    const bytes =
      familyOf(value.type) === 'binary'
        ? value.sql
        : `tsql.text_binary(${value.sql}, 0, ${isUnicode(value.type)})`;
    return result(`tsql.hash_bytes(${call.text(0).sql}, ${bytes})`, {
      name: 'varbinary',
      length: 8000,
    });
  }),
  checksum: entry(1, 254, (call) => {
    const parts = Array.from(
      { length: call.count },
      (_, i) => `coalesce(lower(rtrim(${raw(call.text(i))})), '')`,
    );
    return result(`hashtext(${parts.join(` || chr(1) || `)} COLLATE "C")`, int, false);
  }),
  binary_checksum: entry(1, 254, (call) => {
    const parts = Array.from(
      { length: call.count },
      (_, i) => `coalesce(${raw(call.text(i))}, '')`,
    );
    return result(`hashtext(${parts.join(` || chr(1) || `)} COLLATE "C")`, int, false);
  }),
  format: entry(2, 3, (call) => {
    const value = call.value(0);
    const pattern = call.text(1).sql;
    const family = familyOf(value.type);
    if (family === 'datetime') {
      const moment =
        value.type.name === 'datetimeoffset'
          ? `tsql.local_time(${value.sql})`
          : value.type.name === 'time'
            ? `(timestamp '1900-01-01' + ${value.sql})`
            : `(${value.sql})::timestamp`;
      return result(`tsql.format_date(${moment}, ${pattern})`, nvarchar(4000));
    }
    if (family === 'string' || family === 'binary' || family === 'guid' || family === 'bit')
      throw compileError(8116, spell(value.type), '1', 'format');
    return result(`tsql.format_number((${value.sql})::numeric, ${pattern})`, nvarchar(4000));
  }),
};
