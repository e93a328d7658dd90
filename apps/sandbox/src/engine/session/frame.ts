/** What belongs to one batch, procedure call or dynamic text: variables, scope identity, temporary tables. */
import type { SqlValue, TsqlType } from '../sql-engine.port.js';
import type { TableDefinition } from '../schema/definitions.js';

export interface Variable {
  name: string;
  type: TsqlType;
  value: SqlValue;
}

export class Frame {
  readonly variables = new Map<string, Variable>();
  readonly tableVariables = new Map<string, TableDefinition>();
  /** Temporary tables made here; they end with a procedure. */
  readonly temporary: string[] = [];
  scopeIdentity: string | null = null;
  returnValue: number | undefined;
  /** Tells compiled statements of one set of variables from another. */
  signature = '';

  constructor(
    readonly depth: number,
    readonly procedure: string | undefined,
    /** Inside a procedure its owner's rights apply to what it reads and writes. */
    readonly chained: boolean,
  ) {}

  declare(name: string, type: TsqlType, value: SqlValue): void {
    this.variables.set(name.toLowerCase(), { name, type, value });
    this.signature += `${name}:${type.name}:${type.length ?? ''}:${type.precision ?? ''}:${type.scale ?? ''};`;
  }

  declareTable(name: string, table: TableDefinition): void {
    this.tableVariables.set(name.toLowerCase(), table);
    this.signature += `${table.place};`;
  }

  variable(name: string): Variable | undefined {
    return this.variables.get(name.toLowerCase());
  }
}
