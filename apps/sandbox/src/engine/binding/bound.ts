/** What binding yields: PostgreSQL text with the T-SQL type that its value has. */
import type { TsqlType } from '../sql-engine.port.js';

export interface Bound {
  /** Safe to stand inside any larger expression. */
  sql: string;
  type: TsqlType;
  nullable: boolean;
  /** A bare NULL takes the type of its surroundings. */
  untyped?: boolean;
  /** The value itself, for literals. */
  literal?: string;
  /** Name the result column gets without an alias. */
  name?: string;
  identity?: boolean;
}

/** Quotes a PostgreSQL identifier. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Quotes a PostgreSQL string literal (standard_conforming_strings is on). */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

export function textLiteral(text: string): string {
  return `${quoteText(text)}::tsql.s`;
}
