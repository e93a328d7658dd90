/** SELECT in all its clauses, table sources, joins, set operators and common table expressions. */
import { ExpressionGrammar } from './expression-grammar.js';
import type {
  Expression,
  GroupItem,
  JoinKind,
  ObjectName,
  Query,
  QueryBody,
  Select,
  SelectItem,
  TableSource,
  Top,
} from './syntax-tree.js';

const knownHints = new Set(
  `nolock readuncommitted readcommitted readcommittedlock readpast repeatableread holdlock serializable snapshot updlock
  xlock rowlock paglock tablock tablockx nowait noexpand forceseek forcescan keepidentity`.split(
    /\s+/,
  ),
);

export abstract class QueryGrammar extends ExpressionGrammar {
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

  protected tableSource(): TableSource {
    let left = this.tableFactor();
    for (;;) {
      const join = this.joinKind();
      if (!join) return left;
      const applied = join === 'cross' || join === 'crossApply' || join === 'outerApply';
      const right = applied ? this.tableFactor() : this.tableSourceBeforeOn();
      left = { kind: 'join', join, left, right };
      if (!applied) {
        this.expectWord('on');
        left.on = this.expression();
      }
    }
  }

  /** `a JOIN b JOIN c ON … ON …`: the right side may itself be a join that ends with its own ON. */
  private tableSourceBeforeOn(): TableSource {
    const left = this.tableFactor();
    const mark = this.at;
    const join = this.joinKind();
    if (!join) return left;
    this.at = mark;
    return this.tableSourceFrom(left);
  }

  private tableSourceFrom(first: TableSource): TableSource {
    let left = first;
    for (;;) {
      const mark = this.at;
      const join = this.joinKind();
      if (!join) return left;
      const applied = join === 'cross' || join === 'crossApply' || join === 'outerApply';
      const right = applied ? this.tableFactor() : this.tableSourceBeforeOn();
      if (applied) left = { kind: 'join', join, left, right };
      else if (this.takeWord('on'))
        left = { kind: 'join', join, left, right, on: this.expression() };
      else {
        this.at = mark;
        return left;
      }
    }
  }

  private joinKind(): JoinKind | undefined {
    if (this.takeWord('cross', 'apply')) return 'crossApply';
    if (this.takeWord('outer', 'apply')) return 'outerApply';
    if (this.takeWord('cross', 'join')) return 'cross';
    if (this.takeWord('join')) return 'inner';
    if (!this.isOneOf('inner', 'left', 'right', 'full')) return undefined;
    const kind = this.next().word as JoinKind;
    if (kind !== 'inner') this.takeWord('outer');
    if (this.isOneOf('loop', 'hash', 'merge') && this.peek().word === 'join') this.next();
    this.expectWord('join');
    return kind;
  }

  private tableFactor(): TableSource {
    if (this.isOperator('(')) return this.parenthesisedSource();
    if (this.token.kind === 'variable') {
      const name = this.variable();
      const alias = this.tableAlias();
      return alias === undefined
        ? { kind: 'tableVariable', name }
        : { kind: 'tableVariable', name, alias };
    }
    if (
      this.isOneOf(
        'openrowset',
        'openquery',
        'opendatasource',
        'openxml',
        'contains',
        'freetexttable',
        'containstable',
      )
    ) {
      throw this.unsupported(this.token.text.toUpperCase());
    }
    const name = this.objectName();
    if (this.isOperator('(') && !this.startsOldHint()) {
      const args = this.inParentheses(() =>
        this.isOperator(')') ? [] : this.commaSeparated(() => this.expression()),
      );
      return { kind: 'function', name, args, ...this.aliasWithColumns() };
    }
    let hints = this.tableHints();
    const alias = this.tableAlias();
    hints = [...hints, ...this.tableHints()];
    if (this.isOneOf('pivot', 'unpivot', 'tablesample'))
      throw this.unsupported(this.token.text.toUpperCase());
    return alias === undefined
      ? { kind: 'table', name, hints }
      : { kind: 'table', name, alias, hints };
  }

  private parenthesisedSource(): TableSource {
    this.expect('(');
    if (this.takeWord('values')) {
      const rows = this.rowsOfValues();
      this.expect(')');
      const { alias, columns } = this.aliasWithColumns();
      if (alias === undefined || !columns) throw this.syntaxError();
      return { kind: 'rows', rows, alias, columns };
    }
    if (this.isWord('select') || this.isWord('with') || this.nestedSelect()) {
      const query = this.query();
      this.expect(')');
      const { alias, columns } = this.aliasWithColumns();
      if (alias === undefined) throw this.syntaxError();
      return columns
        ? { kind: 'derived', query, alias, columns }
        : { kind: 'derived', query, alias };
    }
    const source = this.tableSource();
    this.expect(')');
    return source;
  }

  /** `((SELECT …) UNION …)`: parentheses that open a query rather than a join. */
  private nestedSelect(): boolean {
    let ahead = 0;
    while (this.peek(ahead).kind === 'operator' && this.peek(ahead).text === '(') ahead++;
    return ahead > 0 && this.peek(ahead).word === 'select' && !this.closesAsTable(ahead);
  }

  private closesAsTable(ahead: number): boolean {
    let depth = 1;
    let i = ahead;
    for (; depth > 0 && this.peek(i).kind !== 'end'; i++) {
      if (this.peek(i).kind !== 'operator') continue;
      if (this.peek(i).text === '(') depth++;
      if (this.peek(i).text === ')') depth--;
    }
    return (
      !['union', 'except', 'intersect', 'order'].includes(this.peek(i).word) &&
      this.peek(i).text !== ')'
    );
  }

  protected rowsOfValues(): Expression[][] {
    return this.commaSeparated(() =>
      this.inParentheses(() =>
        this.commaSeparated<Expression>(() =>
          this.takeWord('default') ? { kind: 'default' } : this.expression(),
        ),
      ),
    );
  }

  protected tableAlias(): string | undefined {
    if (this.takeWord('as')) return this.name();
    return this.isName() && !this.startsStatement() ? this.name() : undefined;
  }

  /** Words that are no keywords to SQL Server's reserved list but begin a statement. */
  private startsStatement(): boolean {
    return this.isWord('throw') && (this.peek().kind === 'end' || /^[;\d@]/.test(this.peek().text));
  }

  private aliasWithColumns(): { alias?: string; columns?: string[] } {
    const alias = this.tableAlias();
    if (alias === undefined) return {};
    return this.isOperator('(') ? { alias, columns: this.nameList() } : { alias };
  }

  protected nameList(): string[] {
    return this.inParentheses(() => this.commaSeparated(() => this.name()));
  }

  private startsOldHint(): boolean {
    return knownHints.has(this.peek().word) && this.peek(2).text === ')';
  }

  protected tableHints(): string[] {
    if (!this.isWord('with') && !(this.isOperator('(') && this.startsOldHint())) return [];
    if (this.isWord('with') && this.peek().text !== '(') return [];
    this.takeWord('with');
    return this.inParentheses(() => {
      const hints: string[] = [];
      do {
        if (this.takeWord('index')) {
          if (this.take('=')) this.next();
          else this.inParentheses(() => this.commaSeparated(() => this.next()));
        } else if (knownHints.has(this.token.word)) hints.push(this.next().word);
        else throw this.syntaxError();
        this.take(',');
      } while (!this.isOperator(')'));
      return hints;
    });
  }

  /** An object name where a table must stand: a temporary table or table variable too. */
  protected target(): ObjectName {
    return this.token.kind === 'variable' ? [this.variable()] : this.objectName();
  }
}
