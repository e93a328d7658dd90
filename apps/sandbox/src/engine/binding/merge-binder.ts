/** MERGE, which PostgreSQL has in nearly the same words. */
import { compileError } from '../session/sql-error.js';
import type { TableDefinition } from '../schema/definitions.js';
import type { MergeBranch, MergeStatement, OutputClause } from '../syntax/syntax-tree.js';
import { AssignmentBinder } from './assignment-binder.js';
import type { BoundChange } from './change-binder.js';
import { quoteName } from './bound.js';
import type { Action } from './environment.js';
import type { BoundQuery } from './expression-binder.js';
import { Scope } from './scope.js';
import { tableSource } from './source-binder.js';

const matches: Record<MergeBranch['match'], string> = {
  matched: 'WHEN MATCHED',
  notMatchedByTarget: 'WHEN NOT MATCHED BY TARGET',
  notMatchedBySource: 'WHEN NOT MATCHED BY SOURCE',
};

export abstract class MergeBinder extends AssignmentBinder {
  protected abstract outputOf(
    clause: OutputClause,
    table: TableDefinition,
    scope: Scope,
  ): { returning: string; columns: BoundQuery['columns'] };

  protected merge(statement: MergeStatement, outer: Scope): BoundChange {
    const scope = new Scope(outer, (column) => this.noteRead(column));
    const table = this.target(statement.target, 'SELECT', outer);
    for (const { action } of statement.branches)
      this.target(statement.target, action.kind.toUpperCase() as Action);
    const place = this.freshAlias();
    const own = tableSource(
      table,
      statement.alias ?? (statement.target.at(-1) as string),
      place,
      false,
      statement.alias === undefined,
    );
    this.lock(table, place, statement.hints, true);
    // The source is bound first, without sight of the target.
    const source = this.source(statement.source, scope, false);
    const sourceOnly = new Scope(outer, (column) => this.noteRead(column));
    for (const each of scope.sources) sourceOnly.add(each);
    scope.add(own);
    const targetOnly = new Scope(outer, (column) => this.noteRead(column));
    targetOnly.add(own);
    const seen = { matched: scope, notMatchedByTarget: sourceOnly, notMatchedBySource: targetOnly };
    const on = this.condition(statement.on, scope);
    const branches = statement.branches.map((branch) =>
      this.branch(branch, table, seen[branch.match]),
    );
    const output = statement.output ? this.outputOf(statement.output, table, scope) : undefined;
    return {
      sql: `MERGE INTO ${table.place} AS ${place} USING ${source} ON ${on} ${branches.join(' ')}${output?.returning ?? ''}`,
      table,
      action: 'MERGE',
      returnsIdentity: false,
      identityInserted: false,
      ...(output ? { output: output.columns } : {}),
    };
  }

  private branch(branch: MergeBranch, table: TableDefinition, scope: Scope): string {
    const condition = branch.condition ? ` AND ${this.condition(branch.condition, scope)}` : '';
    const head = `${matches[branch.match]}${condition} THEN`;
    const { action } = branch;
    if (action.kind === 'delete') return `${head} DELETE`;
    if (action.kind === 'update') {
      const set = this.assignments(action.set, table, scope);
      return `${head} UPDATE SET ${set.map((item) => `${item.column} = ${item.sql}`).join(', ')}`;
    }
    if (branch.match !== 'notMatchedByTarget') throw compileError(10711);
    if (!action.values) return `${head} INSERT DEFAULT VALUES`;
    const columns = this.insertColumns(table, action.columns);
    if (columns.length !== action.values.length)
      throw compileError(action.values.length < columns.length ? 109 : 110);
    const values = action.values.map((node, i) =>
      this.assignedNode(node, columns[i] as (typeof columns)[0], table, scope),
    );
    return `${head} INSERT (${columns.map((column) => quoteName(column.name.toLowerCase())).join(', ')}) VALUES (${values.join(', ')})`;
  }
}
