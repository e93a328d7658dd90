/** Constants: their type is in how they are written. */
import type { TsqlType } from '../sql-engine.port.js';
import { compileError } from '../session/sql-error.js';
import type { Expression } from '../syntax/syntax-tree.js';
import { float, int, nvarchar, varchar } from '../types/tsql-types.js';
import { decimalLiteral } from './arithmetic.js';
import { textLiteral, type Bound } from './bound.js';

type Node<K extends Expression['kind']> = Extract<Expression, { kind: K }>;

export function literal(node: Node<'literal'>): Bound {
  const bound = (sql: string, type: TsqlType): Bound => ({
    sql,
    type,
    nullable: false,
    literal: node.text,
  });
  switch (node.type) {
    case 'null':
      return { sql: 'NULL', type: int, nullable: true, untyped: true };
    case 'string':
      return {
        ...bound(
          textLiteral(checked(node.text)),
          varchar(node.text.length > 8000 ? 'max' : Math.max(1, node.text.length)),
        ),
      };
    case 'nstring':
      return bound(
        textLiteral(checked(node.text)),
        nvarchar(node.text.length > 4000 ? 'max' : Math.max(1, node.text.length)),
      );
    case 'binary': {
      const hex = node.text.length % 2 === 1 ? `0${node.text}` : node.text;
      return bound(`'\\x${hex}'::bytea`, {
        name: 'varbinary',
        length: Math.max(1, hex.length / 2),
      });
    }
    case 'money':
      return bound(`${node.text || '0'}::numeric(19,4)`, { name: 'money' });
    case 'float':
      return bound(
        `'${/[eE][+-]?$/.test(node.text) ? `${node.text}0` : node.text}'::float8`,
        float,
      );
    case 'int': {
      const digits = node.text.replace(/^0+(?=\d)/, '');
      if (digits.length < 10 || (digits.length === 10 && Number(digits) <= 2147483647))
        return bound(digits, int);
      if (digits.length > 38) throw compileError(1007, node.text);
      return bound(`${digits}::numeric(${digits.length},0)`, decimalLiteral(digits.length, 0));
    }
    default: {
      const [whole = '', part = ''] = node.text.split('.');
      const digits = whole.replace(/^0+/, '');
      const precision = Math.max(1, digits.length + part.length);
      if (precision > 38) throw compileError(1007, node.text);
      return bound(
        `${digits || '0'}.${part || '0'}::numeric(${precision},${part.length})`,
        decimalLiteral(precision, part.length),
      );
    }
  }
}

function checked(text: string): string {
  if (text.includes('\0')) throw compileError(40515, 'the character NUL in a string');
  return text;
}
