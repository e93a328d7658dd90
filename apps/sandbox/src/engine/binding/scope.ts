/** Names that a query can see: table sources by alias, their columns, and common tables by name. */
import type { TsqlType } from '../sql-engine.port.js';
import { compileError } from '../session/sql-error.js';
import type { TableDefinition } from '../schema/definitions.js';
import type { Bound } from './bound.js';

export interface SourceColumn {
  name: string;
  sql: string;
  type: TsqlType;
  nullable: boolean;
  identity?: boolean;
  /** The base table, for rights on columns. */
  table?: TableDefinition;
}

export interface Source {
  /** Lowercase alias, or the table's name. */
  alias: string;
  /** Lowercase `catalogue.schema.name`, when no alias hides it. */
  path?: string;
  columns: SourceColumn[];
  table?: TableDefinition;
}

export interface CommonTable {
  place: string;
  columns: Omit<SourceColumn, 'sql'>[];
}

export class Scope {
  readonly sources: Source[] = [];
  private readonly commonTables = new Map<string, CommonTable>();

  constructor(
    readonly parent?: Scope,
    private readonly onRead?: (column: SourceColumn) => void,
  ) {}

  defineCommonTable(name: string, table: CommonTable): void {
    this.commonTables.set(name.toLowerCase(), table);
  }

  commonTable(name: string): CommonTable | undefined {
    return this.commonTables.get(name.toLowerCase()) ?? this.parent?.commonTable(name);
  }

  /** Makes a source visible; names found in two sources are ambiguous (209). */
  add(source: Source): void {
    this.sources.push(source);
  }

  /** @throws SqlError 207, 209 or 4104. */
  column(parts: string[]): Bound {
    const name = (parts.at(-1) as string).toLowerCase();
    const found = parts.length === 1 ? this.byName(name, parts) : this.byQualifier(parts, name);
    if (!found) {
      throw parts.length === 1
        ? compileError(207, parts[0] as string)
        : compileError(4104, parts.join('.'));
    }
    this.onRead?.(found);
    return {
      sql: found.sql,
      type: found.type,
      nullable: found.nullable,
      name: parts.at(-1) as string,
      ...(found.identity ? { identity: true } : {}),
    };
  }

  private byName(name: string, parts: string[]): SourceColumn | undefined {
    const found = this.sources.flatMap((source) =>
      source.columns.filter((column) => column.name.toLowerCase() === name),
    );
    if (found.length > 1) throw compileError(209, parts[0] as string);
    return found[0] ?? this.parent?.byName(name, parts);
  }

  private byQualifier(parts: string[], name: string): SourceColumn | undefined {
    const source = this.source(parts.slice(0, -1));
    if (!source) return this.parent?.byQualifier(parts, name);
    const found = source.columns.filter((column) => column.name.toLowerCase() === name);
    if (found.length > 1) throw compileError(209, parts.at(-1) as string);
    if (!found[0]) throw compileError(207, parts.at(-1) as string);
    return found[0];
  }

  /** The source a qualifier names in this scope alone. */
  source(qualifier: string[]): Source | undefined {
    const wanted = qualifier.join('.').toLowerCase();
    if (qualifier.length === 1) return this.sources.find((source) => source.alias === wanted);
    const tail =
      qualifier[0] !== '' && qualifier.at(-2) === ''
        ? `${qualifier[0]}.dbo.${qualifier.at(-1)}`.toLowerCase()
        : wanted;
    return this.sources.find((source) => source.path === tail || source.path?.endsWith(`.${tail}`));
  }

  columnsOf(qualifier?: string[]): SourceColumn[] {
    if (!qualifier) return this.sources.flatMap((source) => source.columns);
    const source = this.source(qualifier);
    if (!source) throw compileError(4104, `${qualifier.join('.')}.*`);
    return source.columns;
  }
}
