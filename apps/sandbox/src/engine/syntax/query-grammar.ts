/** SELECT in all its clauses, set operators and common table expressions. */
import { SourceGrammar } from './source-grammar.js';
import type {
  Expression,
  GroupItem,
  Query,
  QueryBody,
  Select,
  SelectItem,
  Top,
} from './syntax-tree.js';

export abstract class QueryGrammar extends SourceGrammar {
  query(): Query {
    const ctes = this.commonTables();
    return { ...this.queryWithoutCommonTables(), ctes };
  }

  protected commonTables(): Query['ctes'] {
    if (!this.takeWord('with')) return [];
    return this.commaSeparated(() => {
      const name = this.name();
      const columns = this.isOperator('(') ? this.nameList() : undefined;
      this.expectWord('as');
      const query = this.inParentheses(() => this.query());
      return columns ? { name, columns, query } : { name, query };
    });
  }

  protected queryWithoutCommonTables(): Query {
    const query: Query = { ctes: [], body: this.union(), orderBy: [] };
    if (this.isWord('order')) query.orderBy = this.orderBy();
    if (this.takeWord('offset')) {
      query.offset = this.expression();
      if (!this.takeWord('rows')) this.expectWord('row');
      if (this.takeWord('fetch')) {
        if (!this.takeWord('next')) this.expectWord('first');
        query.fetch = this.expression();
        if (!this.takeWord('rows')) this.expectWord('row');
        this.expectWord('only');
      }
    }
    if (this.isWord('for') && ['json', 'xml', 'browse'].includes(this.peek().word)) {
      throw this.unsupported(`FOR ${this.peek().text.toUpperCase()}`);
    }
    this.queryHints();
    return query;
  }

  /** OPTION (…) changes plans, never results, save MAXRECURSION: its limit is not imposed. */
  protected queryHints(): void {
    if (!this.takeWord('option')) return;
    this.inParentheses(() => {
      for (let depth = 0; depth > 0 || !this.isOperator(')'); this.next()) {
        if (this.token.kind === 'end') throw this.syntaxError();
        if (this.isOperator('(')) depth++;
        if (this.isOperator(')')) depth--;
      }
    });
  }

  private union(): QueryBody {
    let left = this.intersection();
    while (this.isOneOf('union', 'except')) {
      const operator = this.next().word as 'union' | 'except';
      const all = operator === 'union' && this.takeWord('all');
      left = { kind: 'set', operator, all, left, right: this.intersection() };
    }
    return left;
  }

  private intersection(): QueryBody {
    let left = this.queryTerm();
    while (this.takeWord('intersect'))
      left = { kind: 'set', operator: 'intersect', all: false, left, right: this.queryTerm() };
    return left;
  }

  private queryTerm(): QueryBody {
    if (this.isOperator('('))
      return this.inParentheses(() => ({ kind: 'nested', query: this.queryWithoutCommonTables() }));
    return this.select();
  }

  private select(): Select {
    this.expectWord('select');
    const distinct = this.takeWord('distinct');
    if (!distinct) this.takeWord('all');
    const top = this.top();
    const select: Select = {
      kind: 'select',
      distinct,
      items: this.commaSeparated(() => this.selectItem()),
      from: [],
      groupBy: [],
    };
    if (top) select.top = top;
    if (this.takeWord('into')) select.into = this.objectName();
    if (this.takeWord('from')) select.from = this.commaSeparated(() => this.tableSource());
    if (this.takeWord('where')) select.where = this.expression();
    if (this.isWord('group')) select.groupBy = this.groupBy();
    if (this.takeWord('having')) select.having = this.expression();
    if (this.isWord('window')) throw this.unsupported('the WINDOW clause');
    return select;
  }

  protected top(): Top | undefined {
    if (!this.takeWord('top')) return undefined;
    const count: Expression = this.isOperator('(')
      ? this.inParentheses(() => this.expression())
      : this.token.kind === 'variable'
        ? { kind: 'variable', name: this.next().text }
        : { kind: 'literal', type: 'int', text: String(this.wholeNumber()) };
    const percent = this.takeWord('percent');
    const ties = this.takeWord('with', 'ties');
    return { count, percent, ties };
  }

  protected selectItem(): SelectItem {
    if (this.take('*')) return { kind: 'star' };
    const star = this.qualifiedStar();
    if (star) return star;
    const [first, second] = [this.token, this.peek()];
    if (
      first.kind === 'variable' &&
      !first.text.startsWith('@@') &&
      second.kind === 'operator' &&
      /^[-+*/%&|^]?=$/.test(second.text)
    ) {
      this.at += 2;
      return {
        kind: 'assign',
        variable: first.text,
        operator: second.text,
        value: this.expression(),
      };
    }
    if (
      (this.isName() || first.kind === 'string') &&
      second.kind === 'operator' &&
      second.text === '='
    ) {
      this.at += 2;
      return { kind: 'value', value: this.expression(), alias: first.text };
    }
    const value = this.expression();
    const alias = this.selectAlias();
    return alias === undefined ? { kind: 'value', value } : { kind: 'value', value, alias };
  }

  private qualifiedStar(): SelectItem | undefined {
    let ahead = 0;
    while (
      this.isName(this.peek(ahead)) &&
      this.peek(ahead + 1).text === '.' &&
      this.peek(ahead + 1).kind === 'operator'
    ) {
      ahead += 2;
      if (this.peek(ahead).kind === 'operator' && this.peek(ahead).text === '*') {
        const qualifier: string[] = [];
        for (let i = 0; i < ahead; i += 2) qualifier.push(this.peek(i).text);
        this.at += ahead + 1;
        return { kind: 'star', qualifier };
      }
    }
    return undefined;
  }

  private selectAlias(): string | undefined {
    const explicit = this.takeWord('as');
    if (this.token.kind === 'string' || this.token.kind === 'nstring')
      return this.checked(this.next().text);
    if (explicit) return this.name();
    return this.isName() ? this.name() : undefined;
  }

  private groupBy(): GroupItem[] {
    this.expectWord('group', 'by');
    return this.commaSeparated<GroupItem>(() => {
      if (this.isOneOf('rollup', 'cube')) {
        const kind = this.next().word as 'rollup' | 'cube';
        return {
          kind,
          values: this.inParentheses(() => this.commaSeparated(() => this.expression())),
        };
      }
      if (this.isWord('grouping', 'sets')) {
        this.at += 2;
        return {
          kind: 'sets',
          sets: this.inParentheses(() => this.commaSeparated(() => this.groupingSet())),
        };
      }
      return { kind: 'value', value: this.expression() };
    });
  }

  private groupingSet(): Expression[] {
    if (!this.isOperator('(')) return [this.expression()];
    return this.inParentheses(() =>
      this.isOperator(')') ? [] : this.commaSeparated(() => this.expression()),
    );
  }
}
