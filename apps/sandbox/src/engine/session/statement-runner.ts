/** Compiles single statements for the session, gives them their parameters, and hands their rows on. */
import type { ColumnDescription, ResultSink, SqlValue, TsqlType } from '../sql-engine.port.js';
import { ChangeBinder, type BoundChange } from '../binding/change-binder.js';
import { quoteName } from '../binding/bound.js';
import type { ParameterSource } from '../binding/parameters.js';
import { describeColumns, type TopQuery } from '../binding/query-binder.js';
import { Scope } from '../binding/scope.js';
import type { RawRow } from '../postgres/postgres-connection.js';
import type { ChangeStatement, Expression, Query } from '../syntax/syntax-tree.js';
import type { Frame } from './frame.js';
import { sessionFact } from './session-facts.js';
import { SessionEnvironment } from './session-environment.js';
import type { SessionState } from './session-state.js';
import { compileError, sqlError, withinDepth } from './sql-error.js';
import { decoderFor, encodeValue } from './values.js';

interface Compiled<T> {
  bound: T;
  sources: ParameterSource[];
  locks: string[];
}

export class StatementRunner {
  constructor(readonly state: SessionState) {}

  /** Compiled once per session for as long as definitions, rights and variable types stay the same. */
  compile<T>(node: object, frame: Frame, bind: (binder: ChangeBinder) => T): Compiled<T> {
    const { state } = this;
    const key = `${state.view.version}|${state.catalogue}|${frame.chained}|${state.identityInsert ?? ''}|${[...state.temporary.values()].map((table) => table.id).join()}|${frame.signature}`;
    const known = state.compiled.get(node);
    if (known?.key === key) return known.value as Compiled<T>;
    const binder = new ChangeBinder(new SessionEnvironment(state, frame));
    const bound = withinDepth(() => bind(binder));
    const value: Compiled<T> = {
      bound,
      sources: binder.parameters.sources,
      locks: [...binder.tableLocks],
    };
    // What reads the environment when it runs must not keep the frame that compiled it.
    if (!value.sources.some((source) => source.kind === 'made'))
      state.compiled.set(node, { key, value });
    return value;
  }

  async parameters(sources: ParameterSource[], frame: Frame): Promise<(string | null)[]> {
    const values: (string | null)[] = [];
    for (const source of sources) {
      if (source.kind === 'variable')
        values.push(encodeValue(frame.variable(source.name)?.value ?? null, source.type));
      else if (source.kind === 'fact')
        values.push(encodeValue(sessionFact(source.name, this.state, frame), source.type));
      else values.push(await source.make());
    }
    return values;
  }

  async query(query: Query, frame: Frame): Promise<void> {
    const { state } = this;
    if (await this.assignInTurn(query, frame)) return;
    const { bound, sources, locks } = this.compile(query, frame, (binder) =>
      binder.statement(query, new Scope()),
    );
    if (bound.assignments) return this.assign(bound, sources, locks, frame);
    const limited =
      state.rowLimit > 0
        ? `SELECT * FROM (${bound.sql}) AS "limited" LIMIT ${state.rowLimit}`
        : bound.sql;
    const output = new RowOutput(state.sink, describeColumns(bound));
    await state.execute(
      {
        sql: limited,
        parameters: await this.parameters(sources, frame),
        before: locks,
        onRow: output.row,
      },
      frame,
      { action: 'SELECT' },
    );
    await output.finish();
    state.rowCount = output.count;
    await state.sink.statementDone({
      ...(state.nocount ? {} : { rowCount: output.count }),
      isSelect: true,
    });
  }

  /** SELECT @a = 1, @b = @a + 1 without a table: each sees the one before. */
  private async assignInTurn({ body, ctes }: Query, frame: Frame): Promise<boolean> {
    if (
      body.kind !== 'select' ||
      ctes.length > 0 ||
      body.from.length > 0 ||
      body.where ||
      body.items.length < 2
    )
      return false;
    const items = body.items.flatMap((item) => (item.kind === 'assign' ? [item] : []));
    if (items.length !== body.items.length) return false;
    for (const { variable: name, operator, value } of items) {
      const variable = frame.variable(name);
      if (!variable) throw compileError(137, name);
      const node: Expression =
        operator === '='
          ? value
          : {
              kind: 'binary',
              operator: operator.slice(0, -1),
              left: { kind: 'variable', name },
              right: value,
            };
      variable.value = (await this.value(node, variable.type, frame)).value;
    }
    this.state.rowCount = 1;
    return true;
  }

  /** SELECT @a = …: the last row's values stay in the variables. */
  private async assign(
    bound: TopQuery,
    sources: ParameterSource[],
    locks: string[],
    frame: Frame,
  ): Promise<void> {
    let last: RawRow | undefined;
    let count = 0;
    const onRow = (row: RawRow): void => {
      last = row;
      count++;
    };
    await this.state.execute(
      { sql: bound.sql, parameters: await this.parameters(sources, frame), before: locks, onRow },
      frame,
      { action: 'SELECT' },
    );
    bound.assignments?.forEach(({ variable, type }, i) => {
      if (last) setVariable(frame, variable, decode(last[i] ?? null, type));
    });
    this.state.rowCount = count;
  }

  /** One value of one type, computed by PostgreSQL. */
  async value(
    node: Expression,
    type: TsqlType | undefined,
    frame: Frame,
  ): Promise<{ value: SqlValue; type: TsqlType }> {
    const simple = type && simpleValue(node, type, frame);
    if (simple !== undefined && type) return { value: simple, type };
    const { bound, sources, locks } = this.compile(node, frame, (binder) => {
      const scope = new Scope();
      const value = binder.value(node, scope);
      const target = type ?? value.type;
      return { sql: `SELECT ${binder.valueAs(node, target, scope)}`, type: target };
    });
    let raw: string | null = null;
    const onRow = (row: RawRow): void => void (raw = row[0] ?? null);
    await this.state.execute(
      { sql: bound.sql, parameters: await this.parameters(sources, frame), before: locks, onRow },
      frame,
      { action: 'SELECT' },
    );
    return { value: decode(raw, bound.type), type: bound.type };
  }

  async condition(node: Expression, frame: Frame): Promise<boolean> {
    const { bound, sources, locks } = this.compile(
      node,
      frame,
      (binder) => `SELECT 1 WHERE ${binder.condition(node, new Scope())}`,
    );
    let found = false;
    const onRow = (): void => void (found = true);
    await this.state.execute(
      { sql: bound, parameters: await this.parameters(sources, frame), before: locks, onRow },
      frame,
      { action: 'SELECT' },
    );
    return found;
  }

  async change(statement: ChangeStatement & { ctes?: Query['ctes'] }, frame: Frame): Promise<void> {
    const { state } = this;
    if (state.doomed) throw sqlError(3930);
    if (state.rowLimit > 0) throw sqlError(40515, 'SET ROWCOUNT with a change of data');
    const { bound, sources, locks } = this.compile(statement, frame, (binder) =>
      binder.change(statement),
    );
    const output = bound.output ? new RowOutput(state.sink, bound.output) : undefined;
    let identity: string | null = null;
    const onRow = (row: RawRow): void | Promise<void> => {
      if (bound.returnsIdentity) identity = row.pop() ?? null;
      return output?.row(row);
    };
    const outcome = await state.execute(
      { sql: bound.sql, parameters: await this.parameters(sources, frame), before: locks, onRow },
      frame,
      { action: bound.action, table: bound.table },
    );
    await output?.finish();
    await this.noteIdentity(bound, identity, frame);
    state.rowCount = outcome.rowCount ?? 0;
    await state.sink.statementDone({
      ...(state.nocount ? {} : { rowCount: state.rowCount }),
      isSelect: false,
    });
  }

  private async noteIdentity(
    bound: BoundChange,
    identity: string | null,
    frame: Frame,
  ): Promise<void> {
    if (identity === null) return;
    this.state.lastIdentity = identity;
    frame.scopeIdentity = identity;
    if (!bound.identityInserted) return;
    const column = bound.table.columns.find((each) => each.identity)?.name.toLowerCase() ?? '';
    await this.state.execute(
      {
        sql: `SELECT setval(pg_get_serial_sequence($1, $2), greatest((SELECT max(${quoteName(column)}) FROM ${bound.table.place}), 1))`,
        parameters: [bound.table.place, column],
      },
      frame,
      { action: 'INSERT', as: bound.table.temporary ? 'login' : 'owner' },
    );
  }
}

/** Starts a result set when its first row (or its end) comes. */
export class RowOutput {
  count = 0;
  private started = false;
  private readonly decoders;

  constructor(
    private readonly sink: ResultSink,
    private readonly columns: ColumnDescription[],
  ) {
    this.decoders = columns.map((column) => decoderFor(column.type));
  }

  row = (raw: RawRow): void | Promise<void> => {
    this.count++;
    const values = this.decoders.map((decode, i) => {
      const text = raw[i];
      return text === null || text === undefined ? null : decode(text);
    });
    if (this.started) return this.sink.row(values);
    this.started = true;
    const begun = this.sink.columns(
      this.columns.map(({ name, type, nullable, identity }) => ({
        name,
        type,
        nullable,
        ...(identity ? { identity } : {}),
      })),
    );
    return begun ? begun.then(() => this.sink.row(values)) : this.sink.row(values);
  };

  async finish(): Promise<void> {
    if (this.started) return;
    this.started = true;
    await this.sink.columns(
      this.columns.map(({ name, type, nullable, identity }) => ({
        name,
        type,
        nullable,
        ...(identity ? { identity } : {}),
      })),
    );
  }
}

export function setVariable(frame: Frame, name: string, value: SqlValue): void {
  const variable = frame.variable(name);
  if (variable) variable.value = value;
}

export function decode(text: string | null, type: TsqlType): SqlValue {
  return text === null ? null : decoderFor(type)(text);
}

/** Constants and variables that need no conversion, without asking PostgreSQL. */
function simpleValue(node: Expression, type: TsqlType, frame: Frame): SqlValue | undefined {
  if (node.kind === 'literal') {
    if (node.type === 'null') return null;
    if (node.type === 'int' && type.name === 'int' && Number(node.text) <= 2147483647)
      return Number(node.text);
    const isText =
      (node.type === 'nstring' && type.name === 'nvarchar') ||
      (node.type === 'string' &&
        (type.name === 'varchar' || type.name === 'nvarchar') &&
        /^[\x20-\x7e]*$/.test(node.text));
    if (isText && (type.length === 'max' || node.text.length <= (type.length ?? 1)))
      return node.text;
  }
  if (node.kind === 'variable') {
    const variable = frame.variable(node.name);
    const same =
      variable &&
      variable.type.name === type.name &&
      variable.type.length === type.length &&
      variable.type.precision === type.precision &&
      variable.type.scale === type.scale;
    if (same) return variable.value;
  }
  return undefined;
}
