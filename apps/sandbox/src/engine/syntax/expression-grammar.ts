/**
 * Expressions and search conditions. One precedence ladder yields both; whether a node may stand
 * where it stands (a condition as a value, a value as a condition) is the binder's question.
 */
import type { TsqlType } from '../sql-engine.port.js';
import { compileError } from '../session/sql-error.js';
import { typeFromName } from '../types/tsql-types.js';
import type { Expression, FrameBound, OrderItem, Query, Window } from './syntax-tree.js';
import { TokenCursor } from './token-cursor.js';

const comparisons = new Set(['=', '<>', '!=', '<', '>', '<=', '>=', '!<', '!>']);
const normalised: Record<string, string> = { '!=': '<>', '!<': '>=', '!>': '<=' };
/** Keywords that are functions when a parenthesis follows. */
const keywordFunctions = new Set([
  'coalesce',
  'nullif',
  'left',
  'right',
  'user',
  'current_timestamp',
  'session_user',
  'system_user',
  'current_user',
]);
const bareFunctions = new Set([
  'current_timestamp',
  'session_user',
  'system_user',
  'current_user',
  'user',
  'current_date',
]);

export abstract class ExpressionGrammar extends TokenCursor {
  abstract query(): Query;

  expression(): Expression {
    let left = this.conjunction();
    while (this.takeWord('or')) left = { kind: 'or', left, right: this.conjunction() };
    return left;
  }

  private conjunction(): Expression {
    let left = this.negation();
    while (this.takeWord('and')) left = { kind: 'and', left, right: this.negation() };
    return left;
  }

  private negation(): Expression {
    if (this.takeWord('not')) return { kind: 'not', value: this.negation() };
    if (this.isWord('exists')) {
      this.next();
      return { kind: 'exists', query: this.inParentheses(() => this.query()) };
    }
    return this.predicate();
  }

  private predicate(): Expression {
    const left = this.additive();
    if (this.token.kind === 'operator' && comparisons.has(this.token.text)) {
      const text = this.next().text;
      const operator = normalised[text] ?? text;
      if (this.isOneOf('all', 'any', 'some')) {
        const all = this.next().word === 'all';
        return {
          kind: 'quantified',
          operator,
          left,
          all,
          query: this.inParentheses(() => this.query()),
        };
      }
      return { kind: 'compare', operator, left, right: this.additive() };
    }
    if (this.takeWord('is')) {
      const not = this.takeWord('not');
      if (this.takeWord('distinct')) {
        this.expectWord('from');
        return { kind: 'isDistinct', left, right: this.additive(), not };
      }
      this.expectWord('null');
      return { kind: 'isNull', value: left, not };
    }
    const not =
      this.isWord('not') &&
      ['in', 'like', 'between'].includes(this.peek().word) &&
      this.takeWord('not');
    if (this.takeWord('in')) return this.membership(left, not);
    if (this.takeWord('between')) {
      const low = this.additive();
      this.expectWord('and');
      return { kind: 'between', value: left, low, high: this.additive(), not };
    }
    if (this.takeWord('like')) {
      const pattern = this.additive();
      return this.takeWord('escape')
        ? { kind: 'like', value: left, pattern, escape: this.additive(), not }
        : { kind: 'like', value: left, pattern, not };
    }
    return left;
  }

  private membership(value: Expression, not: boolean): Expression {
    return this.inParentheses<Expression>(() =>
      this.isWord('select') || this.isWord('with')
        ? { kind: 'in', value, query: this.query(), not }
        : { kind: 'in', value, list: this.commaSeparated(() => this.additive()), not },
    );
  }

  private additive(): Expression {
    let left = this.multiplicative();
    while (this.token.kind === 'operator' && ['+', '-', '&', '|', '^'].includes(this.token.text)) {
      left = { kind: 'binary', operator: this.next().text, left, right: this.multiplicative() };
    }
    return left;
  }

  private multiplicative(): Expression {
    let left = this.unary();
    while (this.token.kind === 'operator' && ['*', '/', '%'].includes(this.token.text)) {
      left = { kind: 'binary', operator: this.next().text, left, right: this.unary() };
    }
    return left;
  }

  private unary(): Expression {
    if (this.token.kind === 'operator' && ['-', '+', '~'].includes(this.token.text)) {
      const operator = this.next().text as '-' | '+' | '~';
      return { kind: 'unary', operator, value: this.unary() };
    }
    let value = this.primary();
    for (;;) {
      if (this.takeWord('collate')) value = { kind: 'collate', value, collation: this.name() };
      else if (this.isWord('at', 'time', 'zone')) {
        this.at += 3;
        value = { kind: 'atTimeZone', value, zone: this.primary() };
      } else return value;
    }
  }

  private primary(): Expression {
    const token = this.token;
    switch (token.kind) {
      case 'integer':
      case 'decimal':
      case 'float':
      case 'money':
      case 'string':
      case 'nstring':
      case 'binary':
        this.next();
        return {
          kind: 'literal',
          type: token.kind === 'integer' ? 'int' : token.kind,
          text: token.text,
        };
      case 'variable':
        this.next();
        return token.text.startsWith('@@')
          ? { kind: 'global', name: token.text.toLowerCase() }
          : { kind: 'variable', name: token.text };
      case 'operator':
        if (token.text !== '(') throw this.syntaxError();
        return this.inParentheses<Expression>(() =>
          this.isWord('select') || this.isWord('with')
            ? { kind: 'subquery', query: this.query() }
            : this.expression(),
        );
      case 'word':
        return this.keywordOrName();
      case 'quoted':
        return this.nameOrCall();
      default:
        throw this.syntaxError();
    }
  }

  private keywordOrName(): Expression {
    const { word } = this.token;
    const called = this.peek().kind === 'operator' && this.peek().text === '(';
    if (word === 'null') {
      this.next();
      return { kind: 'literal', type: 'null', text: '' };
    }
    if (word === 'case') return this.caseExpression();
    if (called && ['cast', 'try_cast'].includes(word)) return this.castExpression();
    if (called && ['convert', 'try_convert'].includes(word)) return this.convertExpression();
    if (called && ['parse', 'try_parse'].includes(word)) throw this.unsupported('PARSE');
    if (word === 'next' && this.isWord('next', 'value', 'for'))
      throw this.unsupported('NEXT VALUE FOR');
    if (called && keywordFunctions.has(word)) {
      this.next();
      return this.callRest([word]);
    }
    if (bareFunctions.has(word) && !called) {
      this.next();
      return { kind: 'call', name: [word], args: [], distinct: false, star: false };
    }
    return this.nameOrCall();
  }

  private nameOrCall(): Expression {
    const parts = this.objectName();
    if (this.isOperator('(')) return this.callRest(parts);
    return { kind: 'column', parts };
  }

  private callRest(name: string[]): Expression {
    this.expect('(');
    const call: Extract<Expression, { kind: 'call' }> = {
      kind: 'call',
      name,
      args: [],
      distinct: false,
      star: false,
    };
    if (this.take('*')) call.star = true;
    else if (!this.isOperator(')')) {
      call.distinct = this.takeWord('distinct');
      if (!call.distinct) this.takeWord('all');
      call.args = this.commaSeparated(() => this.expression());
    }
    if (name[0]?.toLowerCase() === 'trim' && this.takeWord('from'))
      call.args.push(this.expression());
    this.expect(')');
    if (this.isWord('within', 'group')) {
      this.at += 2;
      call.within = this.inParentheses(() => this.orderBy());
    }
    if (this.isWord('ignore') || this.isWord('respect')) throw this.unsupported('IGNORE NULLS');
    if (this.takeWord('over')) call.over = this.window();
    return call;
  }

  private window(): Window {
    return this.inParentheses(() => {
      const window: Window = { partitionBy: [], orderBy: [] };
      if (this.isWord('partition', 'by')) {
        this.at += 2;
        window.partitionBy = this.commaSeparated(() => this.expression());
      }
      if (this.isWord('order')) window.orderBy = this.orderBy();
      if (this.isOneOf('rows', 'range')) {
        const unit = this.next().word as 'rows' | 'range';
        if (this.takeWord('between')) {
          const start = this.frameBound();
          this.expectWord('and');
          window.frame = { unit, start, end: this.frameBound() };
        } else window.frame = { unit, start: this.frameBound() };
      }
      return window;
    });
  }

  private frameBound(): FrameBound {
    if (this.takeWord('unbounded')) {
      if (this.takeWord('preceding')) return { kind: 'unboundedPreceding' };
      this.expectWord('following');
      return { kind: 'unboundedFollowing' };
    }
    if (this.takeWord('current')) {
      this.expectWord('row');
      return { kind: 'current' };
    }
    const rows = this.wholeNumber();
    if (this.takeWord('preceding')) return { kind: 'preceding', rows };
    this.expectWord('following');
    return { kind: 'following', rows };
  }

  orderBy(): OrderItem[] {
    this.expectWord('order', 'by');
    return this.commaSeparated(() => {
      const value = this.expression();
      const descending = this.takeWord('desc');
      if (!descending) this.takeWord('asc');
      return { value, descending };
    });
  }

  private caseExpression(): Expression {
    this.expectWord('case');
    const node: Extract<Expression, { kind: 'case' }> = { kind: 'case', branches: [] };
    if (!this.isWord('when')) node.operand = this.expression();
    while (this.takeWord('when')) {
      const when = this.expression();
      this.expectWord('then');
      node.branches.push({ when, then: this.expression() });
    }
    if (node.branches.length === 0) throw this.syntaxError();
    if (this.takeWord('else')) node.otherwise = this.expression();
    this.expectWord('end');
    return node;
  }

  private castExpression(): Expression {
    const attempt = this.next().word === 'try_cast';
    return this.inParentheses<Expression>(() => {
      const value = this.expression();
      this.expectWord('as');
      return { kind: 'cast', value, type: this.type(true), attempt };
    });
  }

  private convertExpression(): Expression {
    const attempt = this.next().word === 'try_convert';
    return this.inParentheses<Expression>(() => {
      const type = this.type(true);
      this.expect(',');
      const value = this.expression();
      return this.take(',')
        ? { kind: 'cast', value, type, attempt, style: this.expression() }
        : { kind: 'cast', value, type, attempt };
    });
  }

  /** A type name with its lengths. @throws SqlError 2715 for an unknown one. */
  type(inCast = false): TsqlType {
    if (this.isWord('sys') && this.peek().text === '.') this.at += 2;
    let written =
      this.token.kind === 'word' || this.token.kind === 'quoted' ? this.next().text : this.fail();
    if (this.isWord('varying') || (written.toLowerCase() === 'double' && this.isWord('precision')))
      written += ` ${this.next().text}`;
    const numbers: (number | 'max')[] = [];
    if (this.take('(')) {
      numbers.push(
        ...this.commaSeparated(() =>
          this.takeWord('max') ? ('max' as const) : this.wholeNumber(),
        ),
      );
      this.expect(')');
    }
    const type = typeFromName(written, numbers, inCast);
    if (!type) throw this.located(compileError(2715, 1, written));
    if ((type.precision ?? 0) > 38)
      throw this.located(compileError(2750, 1, type.precision as number));
    return type;
  }

  private fail(): never {
    throw this.syntaxError();
  }
}
