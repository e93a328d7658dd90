/** INSERT, UPDATE, DELETE and MERGE with their OUTPUT clauses. */
import { QueryGrammar } from './query-grammar.js';
import type {
  Assignment,
  ChangeStatement,
  DeleteStatement,
  ExecuteStatement,
  ExecuteTextStatement,
  InsertStatement,
  MergeBranch,
  MergeStatement,
  OutputClause,
  UpdateStatement,
} from './syntax-tree.js';

export abstract class ChangeGrammar extends QueryGrammar {
  protected abstract execute(): ExecuteStatement | ExecuteTextStatement;

  protected change(): ChangeStatement {
    if (this.takeWord('insert')) return this.insert();
    if (this.takeWord('update')) return this.update();
    if (this.takeWord('delete')) return this.delete();
    this.expectWord('merge');
    return this.merge();
  }

  private insert(): InsertStatement {
    if (this.isWord('top') || this.isWord('bulk'))
      throw this.unsupported(`INSERT ${this.token.text.toUpperCase()}`);
    this.takeWord('into');
    const target = this.target();
    const insert: InsertStatement = {
      kind: 'insert',
      target,
      hints: this.tableHints(),
      source: { kind: 'defaults' },
    };
    if (this.isOperator('(') && !['select', 'with'].includes(this.peek().word))
      insert.columns = this.nameList();
    const output = this.output();
    if (output) insert.output = output;
    if (this.takeWord('default', 'values')) return insert;
    if (this.takeWord('values')) insert.source = { kind: 'values', rows: this.rowsOfValues() };
    else if (this.isOneOf('exec', 'execute'))
      insert.source = { kind: 'execute', call: this.execute() };
    else insert.source = { kind: 'query', query: this.query() };
    this.queryHints();
    return insert;
  }

  private update(): UpdateStatement {
    const top = this.top();
    const target = this.target();
    const hints = this.tableHints();
    this.expectWord('set');
    const update: UpdateStatement = {
      kind: 'update',
      target,
      hints,
      set: this.assignments(),
      from: [],
    };
    if (top) update.top = top;
    this.changeTail(update);
    return update;
  }

  private delete(): DeleteStatement {
    const top = this.top();
    this.takeWord('from');
    const target = this.target();
    const statement: DeleteStatement = {
      kind: 'delete',
      target,
      hints: this.tableHints(),
      from: [],
    };
    if (top) statement.top = top;
    this.changeTail(statement);
    return statement;
  }

  private changeTail(statement: UpdateStatement | DeleteStatement): void {
    const output = this.output();
    if (output) statement.output = output;
    if (this.takeWord('from')) statement.from = this.commaSeparated(() => this.tableSource());
    if (this.takeWord('where')) {
      if (this.isWord('current')) throw this.unsupported('WHERE CURRENT OF');
      statement.where = this.expression();
    }
    this.queryHints();
  }

  private assignments(): Assignment[] {
    return this.commaSeparated(() => {
      if (this.token.kind === 'variable')
        throw this.unsupported('an assignment to a variable in UPDATE');
      const column = this.objectName();
      const operator = this.next();
      if (operator.kind !== 'operator' || !/^[-+*/%&|^]?=$/.test(operator.text))
        throw this.syntaxError(operator);
      return {
        column,
        operator: operator.text,
        value: this.takeWord('default') ? { kind: 'default' } : this.expression(),
      };
    });
  }

  private output(): OutputClause | undefined {
    if (!this.takeWord('output')) return undefined;
    const output: OutputClause = { items: this.commaSeparated(() => this.selectItem()) };
    if (this.takeWord('into')) {
      const target = this.target();
      output.into = this.isOperator('(') ? { target, columns: this.nameList() } : { target };
      if (this.isWord('output')) throw this.unsupported('two OUTPUT clauses');
    }
    return output;
  }

  private merge(): MergeStatement {
    if (this.isWord('top')) throw this.unsupported('MERGE TOP');
    this.takeWord('into');
    const target = this.target();
    let hints = this.tableHints();
    const alias = this.isWord('using') ? undefined : this.tableAlias();
    hints = [...hints, ...this.tableHints()];
    this.expectWord('using');
    const source = this.tableSource();
    this.expectWord('on');
    const merge: MergeStatement = {
      kind: 'merge',
      target,
      hints,
      source,
      on: this.expression(),
      branches: [],
    };
    if (alias !== undefined) merge.alias = alias;
    while (this.takeWord('when')) merge.branches.push(this.mergeBranch());
    if (merge.branches.length === 0) throw this.syntaxError();
    const output = this.output();
    if (output) merge.output = output;
    this.queryHints();
    return merge;
  }

  private mergeBranch(): MergeBranch {
    let match: MergeBranch['match'] = 'matched';
    if (this.takeWord('not')) {
      this.expectWord('matched');
      match = 'notMatchedByTarget';
      if (this.takeWord('by')) {
        if (this.takeWord('source')) match = 'notMatchedBySource';
        else this.expectWord('target');
      }
    } else this.expectWord('matched');
    const condition = this.takeWord('and') ? this.expression() : undefined;
    this.expectWord('then');
    const action = this.mergeAction();
    return condition ? { match, condition, action } : { match, action };
  }

  private mergeAction(): MergeBranch['action'] {
    if (this.takeWord('delete')) return { kind: 'delete' };
    if (this.takeWord('update')) {
      this.expectWord('set');
      return { kind: 'update', set: this.assignments() };
    }
    this.expectWord('insert');
    const columns = this.isOperator('(') ? this.nameList() : undefined;
    if (this.takeWord('default', 'values'))
      return columns ? { kind: 'insert', columns } : { kind: 'insert' };
    this.expectWord('values');
    const values = this.rowsOfValues()[0] ?? [];
    return columns ? { kind: 'insert', columns, values } : { kind: 'insert', values };
  }
}
