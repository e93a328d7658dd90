/** Statements without control flow of their own: variables, SET, PRINT, RAISERROR, transactions, USE, WAITFOR, KILL. */
import { setTimeout as delay } from 'node:timers/promises';
import { CancelledError, type IsolationLevel } from '../sql-engine.port.js';
import type { DefinitionRunner } from '../schema/definition-runner.js';
import type { Statement } from '../syntax/syntax-tree.js';
import { int, nvarchar } from '../types/tsql-types.js';
import { formatMessage } from './format-message.js';
import type { Frame } from './frame.js';
import { resolveName } from './session-environment.js';
import type { SessionState } from './session-state.js';
import { SqlError, sqlError } from './sql-error.js';
import { setVariable, type StatementRunner } from './statement-runner.js';

export class SessionStatements {
  constructor(
    private readonly state: SessionState,
    private readonly runner: StatementRunner,
    private readonly definitions: DefinitionRunner,
  ) {}

  async run(statement: Statement, frame: Frame): Promise<void> {
    const { state, runner } = this;
    switch (statement.kind) {
      case 'empty':
        return;
      case 'declare':
        for (const { name, type, value } of statement.variables) {
          if (frame.variable(name) && !value) continue;
          if (!frame.variable(name)) frame.declare(name, type, null);
          if (value) setVariable(frame, name, (await runner.value(value, type, frame)).value);
        }
        return;
      case 'set': {
        const variable = frame.variable(statement.variable);
        if (!variable) throw Object.assign(sqlError(137, statement.variable), { compile: true });
        const node = statement.operator === '=' ? statement.value : compound(statement);
        variable.value = (await runner.value(node, variable.type, frame)).value;
        return;
      }
      case 'setOption':
        return this.setOption(statement, frame);
      case 'print': {
        const { value } = await runner.value(statement.value, nvarchar(4000), frame);
        state.sink.message({
          number: 0,
          class: 0,
          state: 1,
          line: statement.line,
          message: value === null ? '' : String(value),
          ...(frame.procedure ? { procedure: frame.procedure } : {}),
        });
        return;
      }
      case 'throw':
        throw await this.thrown(statement, frame);
      case 'raiserror':
        return this.raise(statement, frame);
      case 'begin':
        return state.begin();
      case 'commit':
        return state.commit();
      case 'rollback':
        return state.rollback(statement.name);
      case 'save':
        return state.save(statement.name);
      case 'use':
        return this.use(statement.catalogue);
      case 'waitFor':
        return this.waitFor(
          String((await runner.value(statement.delay, nvarchar(50), frame)).value ?? ''),
        );
      case 'killSession':
        return this.kill(statement.session);
      default:
        return this.definitions.run(statement, frame);
    }
  }

  private async thrown(
    statement: Extract<Statement, { kind: 'throw' }>,
    frame: Frame,
  ): Promise<SqlError> {
    if (!statement.number || !statement.message || !statement.state) {
      const last = this.state.handled.at(-1);
      if (!last) return sqlError(10704);
      return last;
    }
    const number = Number((await this.runner.value(statement.number, int, frame)).value);
    const message = (await this.runner.value(statement.message, nvarchar(2048), frame)).value;
    const state = Number((await this.runner.value(statement.state, int, frame)).value);
    if (number < 50000) return sqlError(35100, number);
    return new SqlError(number, 16, state, message === null ? '' : String(message));
  }

  private async raise(
    statement: Extract<Statement, { kind: 'raiserror' }>,
    frame: Frame,
  ): Promise<void> {
    const given = await this.runner.value(statement.message, undefined, frame);
    if (typeof given.value === 'number') throw sqlError(18054, given.value);
    const severity = Number((await this.runner.value(statement.severity, int, frame)).value ?? 0);
    const state = Number((await this.runner.value(statement.state, int, frame)).value ?? 1);
    const args = [];
    for (const node of statement.args)
      args.push((await this.runner.value(node, undefined, frame)).value);
    if (severity > 18 && !this.state.rights.isAdmin) throw sqlError(2754);
    const error = new SqlError(
      50000,
      Math.max(0, Math.min(severity, 18)),
      Math.max(0, Math.min(state, 255)),
      formatMessage(String(given.value ?? ''), args),
    );
    if (severity > 10) throw error;
    error.line = statement.line;
    error.procedure = frame.procedure;
    reportError(this.state, error);
  }

  private async setOption(
    statement: Extract<Statement, { kind: 'setOption' }>,
    frame: Frame,
  ): Promise<void> {
    const { state } = this;
    const { option, value } = statement;
    if (typeof value !== 'string') {
      const number = Number((await this.runner.value(value, int, frame)).value ?? 0);
      if (option === 'lock_timeout') await state.setLockTimeout(number);
      if (option === 'rowcount') state.rowLimit = Math.max(0, number);
      return;
    }
    switch (option) {
      case 'nocount':
        state.nocount = value === 'on';
        return;
      case 'xact_abort':
        state.xactAbort = value === 'on';
        return;
      case 'implicit_transactions':
        if (value === 'on') throw sqlError(40515, 'SET IMPLICIT_TRANSACTIONS ON');
        return;
      case 'isolation':
        return state.setIsolation(
          value.replace(/ (\w)/, (_, letter: string) => letter.toUpperCase()) as IsolationLevel,
        );
      case 'dateformat':
        if (value !== 'mdy' && value !== 'dmy') throw sqlError(40515, 'this date format');
        await state.setting('tsql.dateformat', value);
        return;
      case 'language':
        if (!['us_english', 'english', 'british', 'british english'].includes(value))
          throw sqlError(40515, 'this language');
        await state.setting('tsql.dateformat', value.startsWith('british') ? 'dmy' : 'mdy');
        return;
      case 'identity_insert':
        return this.definitions.identityInsert(statement.table as string[], value === 'on', frame);
      default:
        return;
    }
  }

  use(written: string): void {
    const { state } = this;
    const name = state.view.store.catalogue(written);
    if (!name) throw sqlError(911, written);
    resolveName(state, [name, 'dbo', 'x']);
    const from = state.catalogue;
    state.catalogue = name;
    state.sink.catalogueChanged(from, name);
  }

  private async waitFor(text: string): Promise<void> {
    const found = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?$/.exec(text.trim());
    if (!found) throw sqlError(148, text);
    const [hours = 0, minutes = 0, seconds = 0] = found
      .slice(1, 4)
      .map((part) => Number(part ?? 0));
    const milliseconds =
      ((hours * 60 + minutes) * 60 + seconds) * 1000 + Number((found[4] ?? '0').padEnd(3, '0'));
    const abort = new AbortController();
    this.state.onCancel = () => abort.abort();
    try {
      await delay(milliseconds, undefined, { signal: abort.signal });
    } catch {
      throw new CancelledError('The request was cancelled.');
    } finally {
      this.state.onCancel = undefined;
    }
  }

  private kill(spid: number): void {
    const { state } = this;
    if (!state.rights.isAdmin && !state.rights.login.alterAnyConnection) throw sqlError(6102);
    if (spid === state.facts.spid) throw sqlError(6104);
    if (!state.services.sessions().some((session) => session.facts.spid === spid))
      throw sqlError(6106, spid);
    state.services.kill(spid);
  }
}

function compound(statement: Extract<Statement, { kind: 'set' }>): typeof statement.value {
  return {
    kind: 'binary',
    operator: statement.operator.slice(0, -1),
    left: { kind: 'variable', name: statement.variable },
    right: statement.value,
  };
}

/** An error, or an informational message made like one, on its way to the client. */
export function reportError(state: SessionState, error: SqlError): void {
  state.sink.message({
    number: error.number,
    class: error.severity,
    state: error.state,
    line: error.line,
    message: error.message,
    ...(error.procedure === undefined ? {} : { procedure: error.procedure }),
  });
}
