/** CREATE, ALTER, DROP and TRUNCATE of tables, indexes, views, procedures and schemas. */
import { ChangeGrammar } from './change-grammar.js';
import type {
  AlterAction,
  ColumnSyntax,
  ConstraintSyntax,
  DefinitionStatement,
  ParameterSyntax,
  Statement,
} from './syntax-tree.js';

export abstract class DefinitionGrammar extends ChangeGrammar {
  protected abstract statementsToEnd(): Statement[];

  protected create(): DefinitionStatement {
    this.expectWord('create');
    const either = this.takeWord('or');
    if (either) this.expectWord('alter');
    const replace = either ? 'either' : 'create';
    if (this.takeWord('view')) return this.view(replace);
    if (this.takeWord('procedure') || this.takeWord('proc'))
      return this.procedureDefinition(replace);
    if (either) throw this.syntaxError();
    if (this.takeWord('table')) return this.createTable();
    if (this.takeWord('schema')) return this.createSchema();
    if (this.isOneOf('unique', 'clustered', 'nonclustered', 'index')) return this.createIndex();
    throw this.unsupported(`CREATE ${this.token.text.toUpperCase()}`);
  }

  protected alter(): DefinitionStatement {
    this.expectWord('alter');
    if (this.takeWord('view')) return this.view('alter');
    if (this.takeWord('procedure') || this.takeWord('proc'))
      return this.procedureDefinition('alter');
    if (!this.takeWord('table')) throw this.unsupported(`ALTER ${this.token.text.toUpperCase()}`);
    return { kind: 'alterTable', name: this.objectName(), action: this.alterAction() };
  }

  private createTable(): DefinitionStatement {
    const name = this.objectName();
    const { columns, constraints } = this.tableBody();
    if (this.takeWord('on')) this.name();
    return { kind: 'createTable', name, columns, constraints };
  }

  /** Columns and constraints of a table, in parentheses. */
  protected tableBody(): { columns: ColumnSyntax[]; constraints: ConstraintSyntax[] } {
    const columns: ColumnSyntax[] = [];
    const constraints: ConstraintSyntax[] = [];
    this.expect('(');
    do {
      if (this.isOperator(')')) break;
      if (this.isOneOf('constraint', 'primary', 'unique', 'foreign', 'check'))
        constraints.push(this.tableConstraint());
      else if (this.isWord('index')) throw this.unsupported('an index inside CREATE TABLE');
      else columns.push(this.column());
    } while (this.take(','));
    this.expect(')');
    return { columns, constraints };
  }

  private column(): ColumnSyntax {
    const column: ColumnSyntax = { name: this.name(), constraints: [] };
    if (this.takeWord('as')) {
      column.computed = this.expression();
      this.takeWord('persisted');
    } else column.type = this.type();
    for (;;) {
      if (this.takeWord('not', 'null')) column.nullable = false;
      else if (this.takeWord('null')) column.nullable = true;
      else if (this.takeWord('identity')) column.identity = this.identity();
      else if (this.takeWord('collate')) column.collation = this.name();
      else if (this.takeWord('rowguidcol') || this.takeWord('sparse')) continue;
      else if (
        this.isOneOf('constraint', 'primary', 'unique', 'references', 'foreign', 'check', 'default')
      )
        this.columnConstraint(column);
      else return column;
    }
  }

  private identity(): { seed: number; increment: number } {
    if (!this.isOperator('(')) return { seed: 1, increment: 1 };
    return this.inParentheses(() => {
      const seed = this.wholeNumber();
      this.expect(',');
      return { seed, increment: this.wholeNumber() };
    });
  }

  private columnConstraint(column: ColumnSyntax): void {
    const name = this.takeWord('constraint') ? this.name() : undefined;
    if (this.takeWord('default')) {
      const start = this.token.start;
      const value = this.expression();
      column.defaultValue = {
        value,
        text: this.textBetween(start),
        ...(name === undefined ? {} : { name }),
      };
      return;
    }
    const constraint = this.constraintRest(name, [{ name: column.name, descending: false }]);
    column.constraints.push(constraint);
    if (constraint.kind === 'primary') column.nullable = false;
  }

  private tableConstraint(): ConstraintSyntax {
    const name = this.takeWord('constraint') ? this.name() : undefined;
    return this.constraintRest(name, undefined);
  }

  private constraintRest(
    name: string | undefined,
    own: ConstraintSyntax['columns'] | undefined,
  ): ConstraintSyntax {
    const named = name === undefined ? {} : { name };
    if (this.isOneOf('primary', 'unique')) {
      const kind = this.next().word as 'primary' | 'unique';
      if (kind === 'primary') this.expectWord('key');
      if (!this.takeWord('clustered')) this.takeWord('nonclustered');
      const columns = own && !this.isOperator('(') ? own : this.indexColumns();
      this.indexOptions();
      return { ...named, kind, columns };
    }
    if (this.takeWord('check')) {
      const start = this.token.start;
      const check = this.inParentheses(() => this.expression());
      return { ...named, kind: 'check', columns: own ?? [], check, text: this.textBetween(start) };
    }
    if (this.takeWord('default')) {
      const start = this.token.start;
      const value = this.expression();
      const text = this.textBetween(start);
      this.expectWord('for');
      return {
        ...named,
        kind: 'default',
        columns: [{ name: this.name(), descending: false }],
        value,
        text,
      };
    }
    let columns = own ?? [];
    if (this.takeWord('foreign', 'key') && this.isOperator('(')) columns = this.indexColumns();
    this.expectWord('references');
    const table = this.objectName();
    const references: NonNullable<ConstraintSyntax['references']> = {
      table,
      columns: this.isOperator('(') ? this.nameList() : [],
    };
    while (this.takeWord('on')) {
      const event = this.next().word;
      const action = this.takeWord('no', 'action')
        ? 'NO ACTION'
        : this.takeWord('set')
          ? `SET ${this.next().text.toUpperCase()}`
          : this.next().text.toUpperCase();
      if (!['NO ACTION', 'CASCADE', 'SET NULL', 'SET DEFAULT'].includes(action))
        throw this.syntaxError();
      if (event === 'delete') references.onDelete = action;
      else references.onUpdate = action;
    }
    return { ...named, kind: 'foreign', columns, references };
  }

  private indexColumns(): { name: string; descending: boolean }[] {
    return this.inParentheses(() =>
      this.commaSeparated(() => {
        const name = this.name();
        const descending = this.takeWord('desc');
        if (!descending) this.takeWord('asc');
        return { name, descending };
      }),
    );
  }

  /** WITH (FILLFACTOR = …) and ON filegroup say where an index lives, nothing about results. */
  private indexOptions(): void {
    if (this.isWord('with') && this.peek().text === '(') {
      this.next();
      this.inParentheses(() => {
        while (!this.isOperator(')')) if (this.next().kind === 'end') throw this.syntaxError();
      });
    }
    if (
      this.isWord('on') &&
      this.isName(this.peek()) &&
      !['delete', 'update'].includes(this.peek().word)
    )
      this.at += 2;
  }

  private alterAction(): AlterAction {
    if (this.takeWord('with')) {
      if (!this.takeWord('nocheck')) this.expectWord('check');
    }
    if (this.takeWord('add')) return this.alterAdd();
    if (this.takeWord('alter', 'column')) {
      const column = this.name();
      const action: AlterAction = { kind: 'alterColumn', column, type: this.type() };
      if (this.takeWord('not', 'null')) action.nullable = false;
      else if (this.takeWord('null')) action.nullable = true;
      return action;
    }
    this.expectWord('drop');
    if (this.takeWord('column')) return { kind: 'dropColumn', column: this.name() };
    this.takeWord('constraint');
    const ifExists = this.takeWord('if', 'exists');
    return { kind: 'dropConstraint', constraint: this.name(), ifExists };
  }

  private alterAdd(): AlterAction {
    const columns: ColumnSyntax[] = [];
    const constraints: ConstraintSyntax[] = [];
    do {
      if (this.isOneOf('constraint', 'primary', 'unique', 'foreign', 'check', 'default'))
        constraints.push(this.tableConstraint());
      else columns.push(this.column());
    } while (this.take(','));
    return { kind: 'addColumns', columns, constraints };
  }

  private createSchema(): DefinitionStatement {
    const name = this.name();
    if (this.takeWord('authorization')) this.name();
    return { kind: 'createSchema', name };
  }

  private createIndex(): DefinitionStatement {
    const unique = this.takeWord('unique');
    if (!this.takeWord('clustered')) this.takeWord('nonclustered');
    this.expectWord('index');
    const name = this.name();
    this.expectWord('on');
    const table = this.objectName();
    const columns = this.indexColumns();
    const include = this.takeWord('include') ? this.nameList() : [];
    const where = this.takeWord('where') ? this.expression() : undefined;
    this.indexOptions();
    return {
      kind: 'createIndex',
      name,
      table,
      unique,
      columns,
      include,
      ...(where ? { where } : {}),
    };
  }

  private view(replace: 'create' | 'alter' | 'either'): DefinitionStatement {
    const name = this.objectName();
    const columns = this.isOperator('(') ? this.nameList() : undefined;
    if (this.takeWord('with')) this.commaSeparated(() => this.name());
    this.expectWord('as');
    const query = this.query();
    if (this.takeWord('with', 'check')) throw this.unsupported('WITH CHECK OPTION');
    this.take(';');
    if (this.token.kind !== 'end') throw this.syntaxError();
    return {
      kind: 'createView',
      name,
      query,
      text: this.sql,
      replace,
      ...(columns ? { columns } : {}),
    };
  }

  private procedureDefinition(replace: 'create' | 'alter' | 'either'): DefinitionStatement {
    const name = this.objectName();
    const bracketed = this.take('(');
    const parameters =
      this.token.kind === 'variable' ? this.commaSeparated(() => this.parameter()) : [];
    if (bracketed) this.expect(')');
    if (this.takeWord('with')) {
      this.commaSeparated(() => {
        if (this.isOneOf('exec', 'execute')) throw this.unsupported('EXECUTE AS');
        return this.name();
      });
    }
    this.expectWord('as');
    const body = this.statementsToEnd();
    return { kind: 'createProcedure', name, parameters, body, text: this.sql, replace };
  }

  private parameter(): ParameterSyntax {
    const name = this.variable();
    this.takeWord('as');
    const parameter: ParameterSyntax = { name, type: this.type(), output: false };
    if (!this.takeWord('not', 'null')) this.takeWord('null');
    if (this.take('=')) parameter.defaultValue = this.expression();
    if (this.takeWord('output') || this.takeWord('out')) parameter.output = true;
    if (this.isWord('readonly')) throw this.unsupported('table-valued parameters');
    return parameter;
  }

  protected drop(): DefinitionStatement {
    this.expectWord('drop');
    const word = this.next().word;
    const object = word === 'proc' ? 'procedure' : word;
    const ifExists = this.takeWord('if', 'exists');
    if (object === 'index') {
      const index = this.name();
      this.expectWord('on');
      return { kind: 'dropIndex', index, table: this.objectName(), ifExists };
    }
    if (object !== 'table' && object !== 'view' && object !== 'procedure' && object !== 'schema')
      throw this.unsupported(`DROP ${word.toUpperCase()}`);
    return { kind: 'drop', object, names: this.commaSeparated(() => this.objectName()), ifExists };
  }
}
