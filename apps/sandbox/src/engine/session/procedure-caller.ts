/** EXECUTE: stored procedures, sp_executesql, dynamic text, and INSERT … EXECUTE. */
import {
  type ColumnDescription,
  type ResultSink,
  type SqlParameter,
  type SqlValue,
  type TsqlType,
} from '../sql-engine.port.js';
import { carrier, int, nvarchar } from '../types/tsql-types.js';
import { quoteText } from '../binding/bound.js';
import { fullName, type ProcedureDefinition } from '../schema/definitions.js';
import type {
  ExecuteStatement,
  ExecuteTextStatement,
  InsertStatement,
  Statement,
} from '../syntax/syntax-tree.js';
import { parseParameterDeclarations } from '../syntax/statement-grammar.js';
import { Frame } from './frame.js';
import type { Interpreter } from './interpreter.js';
import { resolveName } from './session-environment.js';
import { compileError, SqlError, sqlError } from './sql-error.js';
import { setVariable } from './statement-runner.js';
import { encodeValue } from './values.js';

interface GivenArgument {
  name?: string;
  value: SqlValue;
  type: TsqlType;
  output: boolean;
  useDefault: boolean;
  /** Takes an output parameter's final value. */
  receive?: (value: SqlValue, type: TsqlType) => void | Promise<void>;
}

export class ProcedureCaller {
  constructor(private readonly interpreter: Interpreter) {}

  async execute(statement: ExecuteStatement, frame: Frame): Promise<void> {
    const args: GivenArgument[] = [];
    for (const argument of statement.args) args.push(await this.given(argument, frame));
    const returned = await this.call(statement.procedure, args, frame);
    if (statement.result !== undefined) {
      if (!frame.variable(statement.result)) throw compileError(137, statement.result);
      setVariable(frame, statement.result, returned);
    }
  }

  private async given(argument: ExecuteStatement['args'][0], frame: Frame): Promise<GivenArgument> {
    const named = argument.name === undefined ? {} : { name: argument.name };
    if (argument.value.kind === 'default')
      return { ...named, value: null, type: int, output: false, useDefault: true };
    const variable =
      argument.value.kind === 'variable' ? frame.variable(argument.value.name) : undefined;
    const { value, type } =
      variable ?? (await this.interpreter.runner.value(argument.value, undefined, frame));
    const receive =
      variable && argument.output
        ? async (result: SqlValue, from: TsqlType): Promise<void> => {
            variable.value = await this.converted(result, from, variable.type, frame);
          }
        : undefined;
    return {
      ...named,
      value,
      type,
      output: argument.output,
      useDefault: false,
      ...(receive ? { receive } : {}),
    };
  }

  /** @returns the RETURN value. @throws SqlError 2812, 229, 201, 8144, 8145 and what the body raises. */
  async call(name: string[], args: GivenArgument[], frame: Frame): Promise<number> {
    const short = (name.at(-1) as string).toLowerCase();
    if (short === 'sp_executesql') return this.executeSql(args, frame);
    const procedure = this.find(name, frame);
    const { state } = this.interpreter;
    if (frame.depth >= 32) throw sqlError(217);
    const parsed = state.services.parse(procedure.text);
    const [definition] = parsed;
    if (definition?.kind !== 'createProcedure') throw sqlError(2812, name.join('.'));
    const inner = new Frame(frame.depth + 1, procedure.name, true);
    const bound = await this.bind(procedure, definition.parameters, args, inner, frame);
    await this.runBody(definition.body, inner, procedure.catalogue);
    for (const { argument, parameter } of bound) {
      const variable = inner.variable(parameter);
      if (argument.output && variable) await argument.receive?.(variable.value, variable.type);
    }
    return inner.returnValue ?? 0;
  }

  private find(name: string[], frame: Frame): ProcedureDefinition {
    const { state } = this.interpreter;
    const { catalogue, schema } = resolveName(state, name);
    const found = state.view.find(catalogue, schema, name.at(-1) as string);
    if (!found) throw sqlError(2812, name.join('.'));
    if (found.kind !== 'procedure')
      throw sqlError(2809, name.join('.'), name.join('.'), found.kind);
    if (!frame.chained && !state.rights.mayExecute(fullName(found), catalogue)) {
      throw sqlError(229, 'EXECUTE', found.name, catalogue, found.schema);
    }
    return found;
  }

  private async bind(
    procedure: ProcedureDefinition,
    parameters: Extract<Statement, { kind: 'createProcedure' }>['parameters'],
    args: GivenArgument[],
    inner: Frame,
    frame: Frame,
  ): Promise<{ argument: GivenArgument; parameter: string }[]> {
    if (parameters.length === 0 && args.length > 0) throw sqlError(8146, procedure.name);
    const matched = new Map<string, GivenArgument>();
    args.forEach((argument, i) => {
      const parameter =
        argument.name === undefined
          ? parameters[i]
          : parameters.find(({ name }) => name.toLowerCase() === argument.name?.toLowerCase());
      if (
        argument.name === undefined &&
        args.slice(0, i).some((earlier) => earlier.name !== undefined)
      )
        throw sqlError(119, i + 1);
      if (!parameter)
        throw argument.name === undefined
          ? sqlError(8144, procedure.name)
          : sqlError(8145, argument.name, procedure.name);
      if (matched.has(parameter.name)) throw sqlError(8143, parameter.name);
      if (argument.output && !parameter.output) throw sqlError(8162, parameter.name);
      matched.set(parameter.name, argument);
    });
    const bound: { argument: GivenArgument; parameter: string }[] = [];
    for (const { name, type, defaultValue } of parameters) {
      const argument = matched.get(name);
      if (argument && !argument.useDefault) {
        inner.declare(name, type, await this.converted(argument.value, argument.type, type, frame));
        bound.push({ argument, parameter: name });
      } else if (defaultValue) {
        inner.declare(
          name,
          type,
          (
            await this.interpreter.runner.value(
              defaultValue.kind === 'column'
                ? { kind: 'literal', type: 'nstring', text: defaultValue.parts.join('.') }
                : defaultValue,
              type,
              inner,
            )
          ).value,
        );
      } else throw sqlError(201, procedure.name, name);
    }
    return bound;
  }

  /** @throws SqlError 8114 in place of 245, as procedures say it. */
  async converted(value: SqlValue, from: TsqlType, to: TsqlType, frame: Frame): Promise<SqlValue> {
    if (
      value === null ||
      (from.name === to.name &&
        from.length === to.length &&
        from.scale === to.scale &&
        from.precision === to.precision)
    )
      return value;
    const holder = new Frame(frame.depth, frame.procedure, frame.chained);
    holder.declare('@value', from, value);
    const { runner } = this.interpreter;
    try {
      return (await runner.value({ kind: 'variable', name: '@value' }, to, holder)).value;
    } catch (error) {
      if (error instanceof SqlError && error.number === 245)
        throw sqlError(8114, from.name, to.name);
      throw error;
    }
  }

  private async runBody(body: Statement[], inner: Frame, catalogue: string): Promise<void> {
    const { state } = this.interpreter;
    const before = {
      catalogue: state.catalogue,
      nocount: state.nocount,
      xactAbort: state.xactAbort,
      count: state.transactionCount,
    };
    state.catalogue = catalogue;
    try {
      await this.interpreter.run(body, inner);
    } finally {
      state.catalogue = before.catalogue;
      state.nocount = before.nocount;
      state.xactAbort = before.xactAbort;
      await this.dropTemporary(inner);
    }
    if (state.transactionCount !== before.count) {
      const mismatch = sqlError(266, before.count, state.transactionCount);
      mismatch.procedure = inner.procedure;
      throw mismatch;
    }
  }

  async dropTemporary(frame: Frame): Promise<void> {
    const { state } = this.interpreter;
    const places = [
      ...frame.temporary.flatMap((name) => state.temporary.get(name)?.place ?? []),
      ...[...frame.tableVariables.values()].map((table) => table.place),
    ];
    for (const name of frame.temporary) state.temporary.delete(name);
    if (places.length === 0 || state.cancelled) return;
    await state
      .execute({ sql: `DROP TABLE IF EXISTS ${places.join(', ')}` }, frame, { action: 'DROP' })
      .catch(() => undefined);
  }

  private async executeSql(args: GivenArgument[], frame: Frame): Promise<number> {
    const [text, declarations, ...rest] = args;
    if (!text) throw sqlError(214, '@statement', 'ntext/nchar/nvarchar');
    const declared = parseParameterDeclarations(String(declarations?.value ?? ''));
    const inner = new Frame(frame.depth + 1, undefined, false);
    const receivers: { name: string; argument: GivenArgument }[] = [];
    for (const [i, { name, type }] of declared.entries()) {
      const argument =
        rest.find((each) => each.name?.toLowerCase() === name.toLowerCase()) ??
        (rest[i]?.name === undefined ? rest[i] : undefined);
      if (!argument) throw sqlError(8178, String(text.value ?? '').slice(0, 100), name);
      inner.declare(name, type, await this.converted(argument.value, argument.type, type, frame));
      if (argument.output) receivers.push({ name, argument });
    }
    await this.runText(String(text.value ?? ''), inner);
    for (const { name, argument } of receivers) {
      const variable = inner.variable(name);
      if (variable) await argument.receive?.(variable.value, variable.type);
    }
    return 0;
  }

  async executeText(statement: ExecuteTextStatement, frame: Frame): Promise<void> {
    const { value } = await this.interpreter.runner.value(statement.text, nvarchar('max'), frame);
    await this.runText(String(value ?? ''), new Frame(frame.depth + 1, undefined, false));
  }

  /** Dynamic text runs with the caller's own rights: it breaks the chain of ownership. */
  private async runText(text: string, inner: Frame): Promise<void> {
    const { state } = this.interpreter;
    if (inner.depth > 32) throw sqlError(217);
    const catalogue = state.catalogue;
    try {
      await this.interpreter.run(state.services.parse(text), inner);
    } finally {
      if (state.catalogue !== catalogue) {
        state.sink.catalogueChanged(state.catalogue, catalogue);
        state.catalogue = catalogue;
      }
      await this.dropTemporary(inner);
    }
  }

  /** INSERT … EXECUTE: the procedure's rows, gathered and inserted as one statement. */
  async insertFrom(
    statement: InsertStatement,
    call: ExecuteStatement | ExecuteTextStatement,
    frame: Frame,
  ): Promise<void> {
    const { state, runner } = this.interpreter;
    const outer = state.sink;
    const gathered = new GatheringSink(outer);
    state.sink = gathered;
    try {
      if (call.kind === 'execute') await this.execute(call, frame);
      else await this.executeText(call, frame);
    } finally {
      state.sink = outer;
    }
    const { described: columns, rows } = gathered;
    const shape = columns.map((column, i) => `"c${i}" ${carrier(column.type)}`).join(', ');
    const names = columns.map((_, i) => `"c${i}"`).join(', ');
    const json = JSON.stringify(
      rows.map((row) =>
        Object.fromEntries(
          row.map((value, i) => [
            `c${i}`,
            encodeValue(value, (columns[i] as ColumnDescription).type),
          ]),
        ),
      ),
    );
    if (columns.length === 0) return;
    const name = '@gathered';
    const holder = new Frame(frame.depth, frame.procedure, frame.chained);
    for (const [key, table] of frame.tableVariables) holder.tableVariables.set(key, table);
    holder.declareTable(name, {
      kind: 'table',
      catalogue: state.catalogue,
      schema: 'dbo',
      name,
      id: 0,
      created: '',
      modified: '',
      constraints: [],
      indexes: [],
      temporary: true,
      columns: columns.map((column, i) => ({ name: `c${i}`, type: column.type, nullable: true })),
      place: `(SELECT ${names} FROM jsonb_to_recordset(${quoteText(json)}::jsonb) AS "g"(${shape}))`,
    });
    const query = {
      ctes: [],
      orderBy: [],
      body: {
        kind: 'select' as const,
        distinct: false,
        items: [{ kind: 'star' as const }],
        from: [{ kind: 'tableVariable' as const, name }],
        groupBy: [],
      },
    };
    await runner.change({ ...statement, source: { kind: 'query', query } }, holder);
    frame.scopeIdentity = holder.scopeIdentity ?? frame.scopeIdentity;
  }

  /** A remote procedure call. */
  async remote(
    name: string[],
    parameters: SqlParameter[],
    frame: Frame,
  ): Promise<{
    returnStatus: number;
    outputs: { name: string; type: TsqlType; value: SqlValue }[];
  }> {
    const outputs: { name: string; type: TsqlType; value: SqlValue }[] = [];
    const args = parameters.map((parameter): GivenArgument => {
      const output = { name: parameter.name, type: parameter.type, value: parameter.value };
      if (parameter.output) outputs.push(output);
      return {
        ...(parameter.name === '' ? {} : { name: parameter.name }),
        value: parameter.value,
        type: parameter.type,
        output: parameter.output,
        useDefault: false,
        receive: async (value, type) => {
          output.value = await this.converted(value, type, parameter.type, frame);
        },
      };
    });
    return { returnStatus: await this.call(name, args, frame), outputs };
  }
}

/** Keeps rows, passes on everything else. */
class GatheringSink implements ResultSink {
  described: ColumnDescription[] = [];
  readonly rows: SqlValue[][] = [];

  constructor(private readonly outer: ResultSink) {}

  columns(columns: ColumnDescription[]): void {
    if (this.described.length > 0 && this.described.length !== columns.length) throw sqlError(213);
    this.described = columns;
  }

  row(values: SqlValue[]): void {
    this.rows.push(values);
  }

  statementDone(): void {}

  message(message: Parameters<ResultSink['message']>[0]): void {
    this.outer.message(message);
  }

  catalogueChanged(from: string, to: string): void {
    this.outer.catalogueChanged(from, to);
  }

  transactionChanged(event: Parameters<ResultSink['transactionChanged']>[0]): void {
    this.outer.transactionChanged(event);
  }
}
