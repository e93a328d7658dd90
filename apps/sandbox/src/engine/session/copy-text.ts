/** Rows in the text form that COPY … FROM STDIN reads, in chunks. */
import type { SqlValue, TsqlType } from '../sql-engine.port.js';
import { encodeValue } from './values.js';

const escapes: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** @throws SqlError as `encodeValue`. */
export async function* copyText(
  rows: AsyncIterable<SqlValue[]> | Iterable<SqlValue[]>,
  types: TsqlType[],
): AsyncGenerator<Buffer> {
  let chunk = '';
  for await (const row of rows) {
    chunk += types.map((type, i) => field(row[i] ?? null, type)).join('\t');
    chunk += '\n';
    if (chunk.length > 65_536) {
      yield Buffer.from(chunk);
      chunk = '';
    }
  }
  if (chunk !== '') yield Buffer.from(chunk);
}

function field(value: SqlValue, type: TsqlType): string {
  const text = encodeValue(value, type);
  if (text === null) return '\\N';
  const padded =
    (type.name === 'char' || type.name === 'nchar') && typeof type.length === 'number'
      ? text.padEnd(type.length)
      : text;
  return /[\\\t\n\r]/.test(padded)
    ? padded.replace(/[\\\t\n\r]/g, (char) => escapes[char] as string)
    : padded;
}
