/**
 * The T-SQL that this engine understands, as a tree. What has no node here cannot be expressed and is
 * refused by the grammar with SQL Server's syntax error: the tree is the allow-list.
 */
import type { TsqlType } from '../sql-engine.port.js';

/** One to four parts; an omitted part (`db..table`) is an empty string. */
export type ObjectName = string[];

export type Expression =
  | {
      kind: 'literal';
      type: 'int' | 'decimal' | 'float' | 'money' | 'string' | 'nstring' | 'binary' | 'null';
      text: string;
    }
  | { kind: 'variable'; name: string }
  | { kind: 'global'; name: string }
  | { kind: 'column'; parts: string[] }
  | {
      kind: 'call';
      name: string[];
      args: Expression[];
      distinct: boolean;
      star: boolean;
      over?: Window;
      within?: OrderItem[];
    }
  | { kind: 'cast'; value: Expression; type: TsqlType; attempt: boolean; style?: Expression }
  | {
      kind: 'case';
      operand?: Expression;
      branches: { when: Expression; then: Expression }[];
      otherwise?: Expression;
    }
  | { kind: 'unary'; operator: '-' | '+' | '~'; value: Expression }
  | { kind: 'binary'; operator: string; left: Expression; right: Expression }
  | { kind: 'collate'; value: Expression; collation: string }
  | { kind: 'atTimeZone'; value: Expression; zone: Expression }
  | { kind: 'subquery'; query: Query }
  | { kind: 'default' }
  | Condition;

export type Condition =
  | { kind: 'compare'; operator: string; left: Expression; right: Expression }
  | { kind: 'quantified'; operator: string; left: Expression; all: boolean; query: Query }
  | { kind: 'and' | 'or'; left: Expression; right: Expression }
  | { kind: 'not'; value: Expression }
  | { kind: 'isNull'; value: Expression; not: boolean }
  | { kind: 'isDistinct'; left: Expression; right: Expression; not: boolean }
  | { kind: 'in'; value: Expression; list?: Expression[]; query?: Query; not: boolean }
  | { kind: 'between'; value: Expression; low: Expression; high: Expression; not: boolean }
  | { kind: 'like'; value: Expression; pattern: Expression; escape?: Expression; not: boolean }
  | { kind: 'exists'; query: Query };

export interface Window {
  partitionBy: Expression[];
  orderBy: OrderItem[];
  frame?: { unit: 'rows' | 'range'; start: FrameBound; end?: FrameBound };
}

export type FrameBound =
  | { kind: 'unboundedPreceding' | 'unboundedFollowing' | 'current' }
  | { kind: 'preceding' | 'following'; rows: number };

export interface OrderItem {
  value: Expression;
  descending: boolean;
}

export interface Query {
  ctes: { name: string; columns?: string[]; query: Query }[];
  body: QueryBody;
  orderBy: OrderItem[];
  offset?: Expression;
  fetch?: Expression;
}

export type QueryBody =
  | Select
  | {
      kind: 'set';
      operator: 'union' | 'except' | 'intersect';
      all: boolean;
      left: QueryBody;
      right: QueryBody;
    }
  | { kind: 'nested'; query: Query };

export interface Select {
  kind: 'select';
  distinct: boolean;
  top?: Top;
  items: SelectItem[];
  into?: ObjectName;
  from: TableSource[];
  where?: Expression;
  groupBy: GroupItem[];
  having?: Expression;
}

export interface Top {
  count: Expression;
  percent: boolean;
  ties: boolean;
}

export type SelectItem =
  | { kind: 'value'; value: Expression; alias?: string }
  | { kind: 'star'; qualifier?: string[] }
  | { kind: 'assign'; variable: string; operator: string; value: Expression };

export type GroupItem =
  | { kind: 'value'; value: Expression }
  | { kind: 'rollup' | 'cube'; values: Expression[] }
  | { kind: 'sets'; sets: Expression[][] };

export type JoinKind = 'inner' | 'left' | 'right' | 'full' | 'cross' | 'crossApply' | 'outerApply';

export type TableSource =
  | { kind: 'table'; name: ObjectName; alias?: string; hints: string[] }
  | { kind: 'tableVariable'; name: string; alias?: string }
  | { kind: 'derived'; query: Query; alias: string; columns?: string[] }
  | { kind: 'rows'; rows: Expression[][]; alias: string; columns: string[] }
  | { kind: 'function'; name: ObjectName; args: Expression[]; alias?: string; columns?: string[] }
  | { kind: 'join'; join: JoinKind; left: TableSource; right: TableSource; on?: Expression };

export interface OutputClause {
  items: SelectItem[];
  into?: { target: ObjectName; columns?: string[] };
}

export type Assignment = { column: string[]; operator: string; value: Expression };

export interface InsertStatement {
  kind: 'insert';
  target: ObjectName;
  hints: string[];
  columns?: string[];
  output?: OutputClause;
  source:
    | { kind: 'values'; rows: Expression[][] }
    | { kind: 'query'; query: Query }
    | { kind: 'defaults' }
    | { kind: 'execute'; call: ExecuteStatement | ExecuteTextStatement };
}

export interface UpdateStatement {
  kind: 'update';
  top?: Top;
  target: ObjectName;
  hints: string[];
  set: Assignment[];
  output?: OutputClause;
  from: TableSource[];
  where?: Expression;
}

export interface DeleteStatement {
  kind: 'delete';
  top?: Top;
  target: ObjectName;
  hints: string[];
  output?: OutputClause;
  from: TableSource[];
  where?: Expression;
}

export interface MergeBranch {
  match: 'matched' | 'notMatchedByTarget' | 'notMatchedBySource';
  condition?: Expression;
  action:
    | { kind: 'update'; set: Assignment[] }
    | { kind: 'delete' }
    | { kind: 'insert'; columns?: string[]; values?: Expression[] };
}

export interface MergeStatement {
  kind: 'merge';
  target: ObjectName;
  hints: string[];
  alias?: string;
  source: TableSource;
  on: Expression;
  branches: MergeBranch[];
  output?: OutputClause;
}

export type ChangeStatement = InsertStatement | UpdateStatement | DeleteStatement | MergeStatement;

export interface ColumnSyntax {
  name: string;
  type?: TsqlType;
  computed?: Expression;
  nullable?: boolean;
  identity?: { seed: number; increment: number };
  defaultValue?: { value: Expression; text: string; name?: string };
  collation?: string;
  constraints: ConstraintSyntax[];
}

export interface ConstraintSyntax {
  name?: string;
  kind: 'primary' | 'unique' | 'foreign' | 'check' | 'default';
  columns: { name: string; descending: boolean }[];
  references?: { table: ObjectName; columns: string[]; onDelete?: string; onUpdate?: string };
  check?: Expression;
  /** Source text of a check or default. */
  text?: string;
  value?: Expression;
}

export interface ParameterSyntax {
  name: string;
  type: TsqlType;
  defaultValue?: Expression;
  output: boolean;
}

export type DefinitionStatement =
  | {
      kind: 'createTable';
      name: ObjectName;
      columns: ColumnSyntax[];
      constraints: ConstraintSyntax[];
    }
  | { kind: 'alterTable'; name: ObjectName; action: AlterAction }
  | {
      kind: 'drop';
      object: 'table' | 'view' | 'procedure' | 'schema';
      names: ObjectName[];
      ifExists: boolean;
    }
  | { kind: 'dropIndex'; index: string; table: ObjectName; ifExists: boolean }
  | {
      kind: 'createIndex';
      name: string;
      table: ObjectName;
      unique: boolean;
      columns: { name: string; descending: boolean }[];
      include: string[];
      where?: Expression;
    }
  | {
      kind: 'createView';
      name: ObjectName;
      columns?: string[];
      query: Query;
      text: string;
      replace: 'create' | 'alter' | 'either';
    }
  | {
      kind: 'createProcedure';
      name: ObjectName;
      parameters: ParameterSyntax[];
      body: Statement[];
      text: string;
      replace: 'create' | 'alter' | 'either';
    }
  | { kind: 'createSchema'; name: string }
  | { kind: 'truncate'; name: ObjectName };

export type AlterAction =
  | { kind: 'addColumns'; columns: ColumnSyntax[]; constraints: ConstraintSyntax[] }
  | { kind: 'dropColumn'; column: string }
  | { kind: 'dropConstraint'; constraint: string; ifExists: boolean }
  | { kind: 'alterColumn'; column: string; type: TsqlType; nullable?: boolean };

export interface Argument {
  name?: string;
  value: Expression;
  output: boolean;
}

export interface ExecuteStatement {
  kind: 'execute';
  result?: string;
  procedure: ObjectName;
  args: Argument[];
}

export interface ExecuteTextStatement {
  kind: 'executeText';
  text: Expression;
}

export type ControlStatement =
  | { kind: 'declare'; variables: { name: string; type: TsqlType; value?: Expression }[] }
  | { kind: 'declareTable'; name: string; columns: ColumnSyntax[]; constraints: ConstraintSyntax[] }
  | { kind: 'set'; variable: string; operator: string; value: Expression }
  | { kind: 'setOption'; option: string; value: Expression | string; table?: ObjectName }
  | { kind: 'if'; condition: Expression; then: Statement; otherwise?: Statement }
  | { kind: 'while'; condition: Expression; body: Statement }
  | { kind: 'block'; body: Statement[] }
  | { kind: 'try'; body: Statement[]; handler: Statement[] }
  | { kind: 'return'; value?: Expression }
  | { kind: 'break' }
  | { kind: 'continue' }
  | { kind: 'print'; value: Expression }
  | { kind: 'throw'; number?: Expression; message?: Expression; state?: Expression }
  | {
      kind: 'raiserror';
      message: Expression;
      severity: Expression;
      state: Expression;
      args: Expression[];
    }
  | { kind: 'begin' }
  | { kind: 'commit' }
  | { kind: 'rollback'; name?: string }
  | { kind: 'save'; name: string }
  | { kind: 'use'; catalogue: string }
  | { kind: 'waitFor'; delay: Expression }
  | { kind: 'killSession'; session: number }
  | { kind: 'empty' };

export type Statement = (
  | { kind: 'query'; query: Query }
  | (ChangeStatement & { ctes?: Query['ctes'] })
  | DefinitionStatement
  | ExecuteStatement
  | ExecuteTextStatement
  | ControlStatement
) & { line: number };
