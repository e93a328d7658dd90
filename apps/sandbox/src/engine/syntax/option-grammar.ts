/** SET in its two meanings: a variable, or an option of the session. */
import { compileError } from '../session/sql-error.js';
import { CallGrammar } from './call-grammar.js';
import type { Statement } from './syntax-tree.js';

export type Unlined<T> = T extends unknown ? Omit<T, 'line'> : never;

/** SET options that are accepted and change nothing here. */
const inertOptions = new Set(
  `ansi_nulls ansi_null_dflt_on ansi_null_dflt_off ansi_padding ansi_warnings ansi_defaults arithabort arithignore
  concat_null_yields_null cursor_close_on_commit numeric_roundabort quoted_identifier fmtonly noexec parseonly
  forceplan statistics remote_proc_transactions query_governor_cost_limit datefirst context_info showplan_text`.split(
    /\s+/,
  ),
);

export abstract class OptionGrammar extends CallGrammar {
  protected set(): Unlined<Statement> {
    this.next();
    if (this.token.kind === 'variable') {
      const variable = this.variable();
      const operator = this.next();
      if (operator.kind !== 'operator' || !/^[-+*/%&|^]?=$/.test(operator.text))
        throw this.syntaxError(operator);
      return { kind: 'set', variable, operator: operator.text, value: this.expression() };
    }
    if (this.takeWord('transaction', 'isolation', 'level')) {
      const level = this.takeWord('read')
        ? `read ${this.next().word}`
        : this.takeWord('repeatable', 'read')
          ? 'repeatable read'
          : this.next().word;
      if (
        ![
          'read uncommitted',
          'read committed',
          'repeatable read',
          'serializable',
          'snapshot',
        ].includes(level)
      )
        throw this.syntaxError();
      return { kind: 'setOption', option: 'isolation', value: level };
    }
    if (this.takeWord('identity_insert')) {
      const table = this.objectName();
      return { kind: 'setOption', option: 'identity_insert', table, value: this.onOrOff() };
    }
    return this.sessionOption();
  }

  private sessionOption(): Unlined<Statement> {
    const token = this.next();
    const option = token.word;
    if (['lock_timeout', 'rowcount', 'textsize'].includes(option))
      return { kind: 'setOption', option, value: this.expression() };
    if (option === 'deadlock_priority' || option === 'dateformat' || option === 'language') {
      const value = this.token.kind === 'operator' ? String(this.wholeNumber()) : this.next().text;
      return { kind: 'setOption', option, value: value.toLowerCase() };
    }
    if (['nocount', 'xact_abort', 'implicit_transactions'].includes(option))
      return { kind: 'setOption', option, value: this.onOrOff() };
    if (!inertOptions.has(option)) {
      throw this.located(compileError(195, token.text, 'SET option'), token);
    }
    while (this.take(',')) this.next();
    if (option === 'statistics') this.next();
    this.next();
    return { kind: 'empty' };
  }

  private onOrOff(): string {
    if (!this.isOneOf('on', 'off')) throw this.syntaxError();
    return this.next().word;
  }
}
