/**
 * A whole batch: every statement, its line, and the control flow of T-SQL. Statements need no
 * semicolon between them, so the grammar alone knows where one ends.
 */
import { OptionGrammar, type Unlined } from './option-grammar.js';
import type { Expression, Statement } from './syntax-tree.js';

/** @throws SqlError with its line. */
export function parseBatch(sql: string): Statement[] {
  return new StatementGrammar(sql).batch();
}

/** A type as parameter declarations write it. */
export function parseParameterDeclarations(
  sql: string,
): { name: string; type: ReturnType<StatementGrammar['type']>; output: boolean }[] {
  return new StatementGrammar(sql).declarations();
}

export class StatementGrammar extends OptionGrammar {
  batch(): Statement[] {
    return this.statementsToEnd();
  }

  declarations(): ReturnType<typeof parseParameterDeclarations> {
    if (this.isAtEnd()) return [];
    const list = this.commaSeparated(() => {
      const name = this.variable();
      this.takeWord('as');
      const type = this.type();
      return { name, type, output: this.takeWord('output') || this.takeWord('out') };
    });
    if (!this.isAtEnd()) throw this.syntaxError();
    return list;
  }

  protected statementsToEnd(): Statement[] {
    const list: Statement[] = [];
    while (this.take(';'));
    // The first statement of a batch may call a procedure by its bare name.
    const { line } = this.token;
    if (this.isName() && !this.startsKnownStatement()) list.push(this.lined(this.call(), line));
    while (!this.isAtEnd()) if (!this.take(';')) list.push(this.statement());
    return list;
  }

  private isAtEnd(): boolean {
    return this.token.kind === 'end';
  }

  private startsKnownStatement(): boolean {
    return this.isWord('throw');
  }

  private lined(statement: Unlined<Statement>, line: number): Statement {
    return { ...statement, line } as Statement;
  }

  private statement(): Statement {
    const { line } = this.token;
    const statement = this.lined(this.statementBody(), line);
    this.take(';');
    return statement;
  }

  private statementBody(): Unlined<Statement> {
    const { word, kind } = this.token;
    if (kind === 'operator' && this.token.text === '(')
      return { kind: 'query', query: this.query() };
    if (kind !== 'word') throw this.syntaxError();
    switch (word) {
      case 'select':
        return { kind: 'query', query: this.query() };
      case 'with':
        return this.withStatement();
      case 'insert':
      case 'update':
      case 'delete':
      case 'merge': {
        if (word === 'update' && this.isWord('update', 'statistics'))
          throw this.unsupported('UPDATE STATISTICS');
        return this.change();
      }
      case 'create':
        return this.create();
      case 'alter':
        return this.alter();
      case 'drop':
        return this.drop();
      case 'truncate':
        this.expectWord('truncate', 'table');
        return { kind: 'truncate', name: this.objectName() };
      case 'exec':
      case 'execute':
        return this.execute();
      case 'declare':
        return this.declare();
      case 'set':
        return this.set();
      case 'if':
        return this.ifStatement();
      case 'while':
        this.next();
        return { kind: 'while', condition: this.expression(), body: this.bodyStatement() };
      case 'begin':
        return this.begin();
      default:
        return this.simpleStatement(word);
    }
  }

  private simpleStatement(word: string): Unlined<Statement> {
    switch (word) {
      case 'break':
        this.next();
        return { kind: 'break' };
      case 'continue':
        this.next();
        return { kind: 'continue' };
      case 'return':
        return this.returnStatement();
      case 'print':
        this.next();
        return { kind: 'print', value: this.expression() };
      case 'raiserror':
        return this.raiserror();
      case 'throw':
        return this.throwStatement();
      case 'use':
        this.next();
        return { kind: 'use', catalogue: this.name() };
      case 'waitfor':
        this.next();
        return this.waitFor();
      case 'kill':
        this.next();
        return { kind: 'killSession', session: this.wholeNumber() };
      case 'commit':
        this.next();
        this.transactionWord();
        this.transactionName();
        return { kind: 'commit' };
      case 'rollback':
        return this.rollback();
      case 'save': {
        this.next();
        if (!this.takeWord('tran')) this.expectWord('transaction');
        return { kind: 'save', name: this.transactionName() ?? this.failed() };
      }
      case 'checkpoint':
        this.next();
        return { kind: 'empty' };
      case 'grant':
      case 'revoke':
      case 'deny':
      case 'backup':
      case 'restore':
      case 'dbcc':
      case 'bulk':
      case 'open':
      case 'fetch':
      case 'close':
      case 'deallocate':
      case 'reconfigure':
      case 'shutdown':
        throw this.unsupported(word.toUpperCase());
      default:
        throw this.syntaxError();
    }
  }

  private failed(): never {
    throw this.syntaxError();
  }

  private withStatement(): Unlined<Statement> {
    const ctes = this.commonTables();
    if (this.isOneOf('insert', 'update', 'delete', 'merge')) return { ...this.change(), ctes };
    return { kind: 'query', query: { ...this.queryWithoutCommonTables(), ctes } };
  }

  private bodyStatement(): Statement {
    while (this.take(';'));
    return this.statement();
  }

  private ifStatement(): Unlined<Statement> {
    this.next();
    const condition = this.expression();
    const then = this.bodyStatement();
    if (!this.takeWord('else')) return { kind: 'if', condition, then };
    return { kind: 'if', condition, then, otherwise: this.bodyStatement() };
  }

  private begin(): Unlined<Statement> {
    this.next();
    if (this.isOneOf('tran', 'transaction')) {
      this.next();
      this.transactionName();
      if (this.takeWord('with')) {
        this.expectWord('mark');
        if (this.token.kind === 'string') this.next();
      }
      return { kind: 'begin' };
    }
    if (this.isWord('distributed')) throw this.unsupported('BEGIN DISTRIBUTED TRANSACTION');
    if (this.takeWord('try')) {
      const body = this.until(() => this.isWord('end', 'try'));
      this.at += 2;
      this.take(';');
      this.expectWord('begin', 'catch');
      const handler = this.until(() => this.isWord('end', 'catch'));
      this.at += 2;
      return { kind: 'try', body, handler };
    }
    const body = this.until(() => this.isWord('end'));
    if (body.length === 0) throw this.syntaxError();
    this.next();
    return { kind: 'block', body };
  }

  private until(done: () => boolean): Statement[] {
    const list: Statement[] = [];
    while (this.take(';'));
    while (!done()) {
      if (this.token.kind === 'end') throw this.syntaxError();
      if (!this.take(';')) list.push(this.statement());
    }
    return list;
  }

  private returnStatement(): Unlined<Statement> {
    this.next();
    const ends =
      this.token.kind === 'end' ||
      this.isOperator(';') ||
      (this.token.kind === 'word' &&
        !this.isName() &&
        !this.isOneOf(
          'case',
          'null',
          'cast',
          'convert',
          'coalesce',
          'nullif',
          'left',
          'right',
          'not',
        ));
    return ends ? { kind: 'return' } : { kind: 'return', value: this.expression() };
  }

  private raiserror(): Unlined<Statement> {
    this.next();
    const [message, severity, state, ...args] = this.inParentheses(() =>
      this.commaSeparated(() => this.expression()),
    );
    if (!message || !severity || !state) throw this.syntaxError();
    if (this.takeWord('with')) {
      this.commaSeparated(() => {
        if (!['nowait', 'seterror', 'log'].includes(this.token.word)) throw this.syntaxError();
        return this.next();
      });
    }
    return { kind: 'raiserror', message, severity, state, args };
  }

  private throwStatement(): Unlined<Statement> {
    this.next();
    if (!['integer', 'variable'].includes(this.token.kind)) return { kind: 'throw' };
    const number = this.expression();
    this.expect(',');
    const message = this.expression();
    this.expect(',');
    return { kind: 'throw', number, message, state: this.expression() };
  }

  private waitFor(): Unlined<Statement> {
    if (!this.takeWord('delay')) throw this.unsupported('WAITFOR TIME');
    return { kind: 'waitFor', delay: this.expression() };
  }

  private transactionWord(): void {
    if (!this.takeWord('tran') && !this.takeWord('transaction')) this.takeWord('work');
  }

  private transactionName(): string | undefined {
    if (this.token.kind === 'variable') throw this.unsupported('a transaction name in a variable');
    return this.isName() ? this.name() : undefined;
  }

  private rollback(): Unlined<Statement> {
    this.next();
    this.transactionWord();
    const name = this.transactionName();
    return name === undefined ? { kind: 'rollback' } : { kind: 'rollback', name };
  }

  private declare(): Unlined<Statement> {
    this.next();
    const name = this.variable();
    const explicit = this.takeWord('as');
    if (this.takeWord('table')) return { kind: 'declareTable', name, ...this.tableBody() };
    if (this.isWord('cursor')) throw this.unsupported('cursors');
    void explicit;
    const variables = [this.declaredVariable(name)];
    while (this.take(',')) {
      const following = this.variable();
      this.takeWord('as');
      variables.push(this.declaredVariable(following));
    }
    return { kind: 'declare', variables };
  }

  private declaredVariable(name: string): {
    name: string;
    type: ReturnType<StatementGrammar['type']>;
    value?: Expression;
  } {
    const type = this.type();
    return this.take('=') ? { name, type, value: this.expression() } : { name, type };
  }
}
