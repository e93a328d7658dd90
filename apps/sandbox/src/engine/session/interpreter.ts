/**
 * Runs T-SQL's control flow: one statement after another, IF and WHILE, TRY and CATCH, and what an
 * error does: end the statement, the batch or the transaction, as SQL Server would have it.
 */
import type { Statement } from '../syntax/syntax-tree.js';
import { int } from '../types/tsql-types.js';
import { DefinitionRunner } from '../schema/definition-runner.js';
import type { Frame } from './frame.js';
import { ProcedureCaller } from './procedure-caller.js';
import { reportError, SessionStatements } from './session-statements.js';
import type { SessionState } from './session-state.js';
import { SqlError } from './sql-error.js';
import { StatementRunner } from './statement-runner.js';

type Flow = 'next' | 'break' | 'continue' | 'return';

/** The batch has ended early and the client knows why. */
export class BatchEnded extends Error {}

export class Interpreter {
  readonly runner: StatementRunner;
  private readonly definitions: DefinitionRunner;
  private readonly plain: SessionStatements;
  private readonly calls: ProcedureCaller;

  constructor(readonly state: SessionState) {
    this.runner = new StatementRunner(state);
    this.definitions = new DefinitionRunner(state, this.runner);
    this.plain = new SessionStatements(state, this.runner, this.definitions);
    this.calls = new ProcedureCaller(this);
  }

  get caller(): ProcedureCaller {
    return this.calls;
  }

  async run(list: Statement[], frame: Frame): Promise<Flow> {
    for (const statement of list) {
      const flow = await this.guarded(statement, frame);
      if (flow !== 'next') return flow;
    }
    return 'next';
  }

  private async guarded(statement: Statement, frame: Frame): Promise<Flow> {
    const { state } = this;
    try {
      const countsBefore = state.transactionCount;
      try {
        const flow = await this.statement(statement, frame);
        if (clearsError.has(statement.kind)) state.errorNumber = 0;
        return flow;
      } catch (error) {
        if (
          error instanceof SqlError &&
          error.abortsTransaction &&
          countsBefore > 0 &&
          state.transactionCount === 0 &&
          state.tryDepth > 0
        ) {
          state.doomTransaction(countsBefore);
        }
        throw error;
      }
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      await this.failed(error, statement, frame);
      return 'next';
    }
  }

  /** @throws the error again when a CATCH waits for it, BatchEnded when the batch may not go on. */
  private async failed(error: SqlError, statement: Statement, frame: Frame): Promise<void> {
    const { state } = this;
    if (error.line === 0) {
      error.line = statement.line;
      error.procedure = frame.procedure;
    }
    if (error.compile && error.depth === 0) error.depth = frame.depth;
    state.errorNumber = error.number;
    state.rowCount = 0;
    const raised = statement.kind === 'raiserror';
    const fatal = error.abortsTransaction || (state.xactAbort && !raised);
    if (state.tryDepth > 0) {
      if (fatal && state.transactionCount > 0) state.doomed = true;
      throw error;
    }
    this.report(error);
    if (fatal) await state.abortTransaction();
    if (fatal || error.compile || statement.kind === 'throw') throw new BatchEnded();
  }

  report(error: SqlError): void {
    reportError(this.state, error);
  }

  private async statement(statement: Statement, frame: Frame): Promise<Flow> {
    const { state } = this;
    state.checkCancelled();
    switch (statement.kind) {
      case 'query':
        if (statement.query.body.kind === 'select' && statement.query.body.into)
          await this.definitions.selectInto(statement.query, frame);
        else await this.runner.query(statement.query, frame);
        return 'next';
      case 'insert':
        if (statement.source.kind === 'execute')
          await this.calls.insertFrom(statement, statement.source.call, frame);
        else await this.runner.change(statement, frame);
        return 'next';
      case 'update':
      case 'delete':
      case 'merge':
        await this.runner.change(statement, frame);
        return 'next';
      case 'execute':
        await this.calls.execute(statement, frame);
        return 'next';
      case 'executeText':
        await this.calls.executeText(statement, frame);
        return 'next';
      case 'if': {
        const holds = await this.runner.condition(statement.condition, frame);
        if (holds) return this.guarded(statement.then, frame);
        return statement.otherwise ? this.guarded(statement.otherwise, frame) : 'next';
      }
      case 'while':
        return this.loop(statement, frame);
      case 'block':
        return this.run(statement.body, frame);
      case 'try':
        return this.tryCatch(statement, frame);
      case 'break':
        return 'break';
      case 'continue':
        return 'continue';
      case 'return':
        if (statement.value)
          frame.returnValue =
            ((await this.runner.value(statement.value, int, frame)).value as number | null) ?? 0;
        return 'return';
      default:
        await this.plain.run(statement, frame);
        return 'next';
    }
  }

  private async loop(
    statement: Extract<Statement, { kind: 'while' }>,
    frame: Frame,
  ): Promise<Flow> {
    while (await this.runner.condition(statement.condition, frame)) {
      this.state.checkCancelled();
      const flow = await this.guarded(statement.body, frame);
      if (flow === 'break') break;
      if (flow === 'return') return flow;
    }
    return 'next';
  }

  private async tryCatch(
    statement: Extract<Statement, { kind: 'try' }>,
    frame: Frame,
  ): Promise<Flow> {
    const { state } = this;
    state.tryDepth++;
    let caught: SqlError;
    try {
      const flow = await this.run(statement.body, frame);
      state.tryDepth--;
      return flow;
    } catch (error) {
      state.tryDepth--;
      // What fails to bind in this very batch or procedure is not for its own CATCH.
      if (
        !(error instanceof SqlError) ||
        (error.compile && error.depth === frame.depth && bindingErrors.has(error.number))
      )
        throw error;
      caught = error;
    }
    state.handled.push(caught);
    try {
      return await this.run(statement.handler, frame);
    } finally {
      state.handled.pop();
    }
  }
}

/** Statements after which @@ERROR is 0; DECLARE and control flow leave it alone. */
const clearsError = new Set<Statement['kind']>([
  'query',
  'insert',
  'update',
  'delete',
  'merge',
  'set',
  'execute',
  'executeText',
  'begin',
  'commit',
  'rollback',
  'print',
  'createTable',
  'drop',
  'truncate',
  'setOption',
]);
const bindingErrors = new Set([102, 156, 137, 207, 208, 209, 4104, 4121, 195, 1087]);
