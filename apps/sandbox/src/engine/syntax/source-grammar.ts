/** Table sources: tables with their hints, derived tables, row lists, functions and joins. */
import { ExpressionGrammar } from './expression-grammar.js';
import type { Expression, JoinKind, ObjectName, TableSource } from './syntax-tree.js';

const knownHints = new Set(
  `nolock readuncommitted readcommitted readcommittedlock readpast repeatableread holdlock serializable snapshot updlock
  xlock rowlock paglock tablock tablockx nowait noexpand forceseek forcescan keepidentity`.split(
    /\s+/,
  ),
);

export abstract class SourceGrammar extends ExpressionGrammar {
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
