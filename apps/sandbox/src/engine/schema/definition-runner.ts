/**
 * CREATE, ALTER, DROP, TRUNCATE and SELECT INTO. Each becomes PostgreSQL statements that succeed or
 * fail together with the record of the declared T-SQL side, inside the session's transaction.
 */
import { ChangeBinder } from '../binding/change-binder.js';
import { quoteName, quoteText } from '../binding/bound.js';
import { Scope } from '../binding/scope.js';
import type { Frame } from '../session/frame.js';
import { resolveName, SessionEnvironment } from '../session/session-environment.js';
import type { SessionState } from '../session/session-state.js';
import { compileError, sqlError } from '../session/sql-error.js';
import type { StatementRunner } from '../session/statement-runner.js';
import type { DefinitionStatement, ObjectName, Query, Statement } from '../syntax/syntax-tree.js';
import { AlterRunner } from './alter-runner.js';
import { ModuleRunner } from './module-runner.js';
import { objectKey, placeOf, type ObjectDefinition, type TableDefinition } from './definitions.js';
import { TableShape } from './table-shape.js';

type Of<K extends DefinitionStatement['kind']> = Extract<DefinitionStatement, { kind: K }>;

export class DefinitionRunner {
  private readonly alterations: AlterRunner;
  private readonly modules: ModuleRunner;

  constructor(
    private readonly state: SessionState,
    private readonly runner: StatementRunner,
  ) {
    this.alterations = new AlterRunner(this);
    this.modules = new ModuleRunner(state, this);
  }

  async run(statement: Statement, frame: Frame): Promise<void> {
    if (this.state.doomed) throw sqlError(3930);
    switch (statement.kind) {
      case 'createTable':
        return this.createTable(statement.name, statement, frame);
      case 'declareTable':
        return this.declareTable(statement, frame);
      case 'createView':
        return this.modules.createView(statement, frame);
      case 'createProcedure':
        return this.modules.createProcedure(statement, frame);
      case 'createSchema':
        return this.modules.createSchema(statement.name, frame);
      case 'createIndex':
        return this.alterations.createIndex(statement, frame);
      case 'dropIndex':
        return this.alterations.dropIndex(statement, frame);
      case 'alterTable':
        return this.alterations.alter(statement.name, statement.action, frame);
      case 'truncate':
        return this.truncate(statement.name, frame);
      case 'drop':
        for (const name of statement.names) await this.drop(statement, name, frame);
        return;
      default:
        throw sqlError(40515, statement.kind);
    }
  }

  shape(table: TableDefinition, frame: Frame): TableShape {
    return new TableShape(
      table,
      new ChangeBinder(new SessionEnvironment(this.state, frame)),
      (name) => this.table(name),
    );
  }

  /** @throws SqlError 4902 for a table that is not there. */
  table(name: ObjectName): TableDefinition {
    const last = name.at(-1) as string;
    if (last.startsWith('#')) {
      const temporary = this.state.temporary.get(last.toLowerCase());
      if (!temporary) throw compileError(4902, last);
      return temporary;
    }
    const { catalogue, schema } = resolveName(this.state, name);
    const found = this.state.view.find(catalogue, schema, last);
    if (!found || found.kind !== 'table') throw compileError(4902, name.join('.'));
    return found;
  }

  /** Definitions need ownership of the catalogue, whoever's procedure they stand in. */
  own(name: ObjectName, permission: string): { catalogue: string; schema: string } {
    const place = resolveName(this.state, name);
    if (!this.state.rights.mayDefine(place.catalogue))
      throw sqlError(262, permission, place.catalogue);
    if (!this.state.view.hasSchema(place.catalogue, place.schema))
      throw sqlError(2760, place.schema);
    return place;
  }

  identity(
    name: ObjectName,
    permission: string,
  ): Omit<TableDefinition, 'kind' | 'columns' | 'constraints' | 'indexes'> {
    const last = name.at(-1) as string;
    const now = new Date().toISOString().replace('T', ' ').slice(0, 23);
    if (last.startsWith('#')) {
      if (last.startsWith('##')) throw sqlError(40515, 'global temporary tables');
      if (this.state.temporary.has(last.toLowerCase())) throw sqlError(2714, last);
      return {
        catalogue: 'tempdb',
        schema: 'dbo',
        name: last,
        id: -this.state.view.store.freshId(),
        created: now,
        modified: now,
        place: `pg_temp.${quoteName(last.toLowerCase())}`,
        temporary: true,
      };
    }
    const { catalogue, schema } = this.own(name, permission);
    if (this.state.view.find(catalogue, schema, last)) throw sqlError(2714, last);
    return {
      catalogue,
      schema,
      name: last,
      id: this.state.view.store.freshId(),
      created: now,
      modified: now,
      place: placeOf(catalogue, schema, last),
    };
  }

  async createTable(
    name: ObjectName,
    body: Pick<Of<'createTable'>, 'columns' | 'constraints'>,
    frame: Frame,
  ): Promise<void> {
    const table: TableDefinition = {
      kind: 'table',
      ...this.identity(name, 'CREATE TABLE'),
      columns: [],
      constraints: [],
      indexes: [],
    };
    const sqls = this.shape(table, frame).create(body.columns, body.constraints);
    await this.store(table, sqls, frame);
  }

  private async declareTable(
    statement: Extract<Statement, { kind: 'declareTable' }>,
    frame: Frame,
  ): Promise<void> {
    if (frame.tableVariables.has(statement.name.toLowerCase())) return;
    const id = this.state.view.store.freshId();
    const now = new Date().toISOString().replace('T', ' ').slice(0, 23);
    const table: TableDefinition = {
      kind: 'table',
      catalogue: 'tempdb',
      schema: 'dbo',
      name: statement.name,
      id: -id,
      created: now,
      modified: now,
      place: `pg_temp.${quoteName(`${statement.name.toLowerCase()}~${id}`)}`,
      temporary: true,
      columns: [],
      constraints: [],
      indexes: [],
    };
    await this.atomically(
      this.shape(table, frame).create(statement.columns, statement.constraints),
      frame,
      table,
    );
    frame.declareTable(statement.name, table);
  }

  async selectInto(query: Query, frame: Frame): Promise<void> {
    const { body } = query;
    if (body.kind !== 'select' || !body.into) return;
    const { into, ...rest } = body;
    const plain: Query = { ...query, body: rest };
    const { bound } = this.runner.compile(plain, frame, (binder) =>
      binder.statement(plain, new Scope()),
    );
    const table: TableDefinition = {
      kind: 'table',
      ...this.identity(into, 'CREATE TABLE'),
      columns: [],
      constraints: [],
      indexes: [],
    };
    const seen = new Set<string>();
    const columns = bound.columns.map((column, i) => {
      if (column.name === '') throw compileError(1038);
      if (seen.has(column.name.toLowerCase())) throw compileError(2705, column.name, table.name);
      seen.add(column.name.toLowerCase());
      return {
        name: column.name,
        type: column.type,
        nullable: column.nullable,
        constraints: [],
        ...(column.identity && i >= 0 ? { identity: { seed: 1, increment: 1 } } : {}),
      };
    });
    await this.store(table, this.shape(table, frame).create(columns, []), frame);
    const before = this.state.identityInsert;
    if (columns.some((column) => column.identity)) this.state.identityInsert = table.place;
    try {
      await this.runner.change(
        { kind: 'insert', target: into, hints: [], source: { kind: 'query', query: plain } },
        frame,
      );
    } finally {
      this.state.identityInsert = before;
    }
  }

  private async truncate(name: ObjectName, frame: Frame): Promise<void> {
    const table = this.table(name);
    if (!table.temporary) this.own(name, 'ALTER');
    const referenced = this.state.view
      .tables(table.catalogue)
      .find(
        (other) =>
          other !== table &&
          other.constraints.some(
            (constraint) =>
              constraint.references?.table === `${table.catalogue}.${table.schema}.${table.name}`,
          ),
      );
    if (referenced) throw sqlError(4712, name.join('.'));
    await this.atomically([`TRUNCATE ${table.place} RESTART IDENTITY`], frame, table);
  }

  private async drop(statement: Of<'drop'>, name: ObjectName, frame: Frame): Promise<void> {
    if (statement.object === 'schema')
      return this.modules.dropSchema(name.at(-1) as string, statement.ifExists, frame);
    const last = name.at(-1) as string;
    if (last.startsWith('#')) return this.dropTemporary(last, statement.ifExists, frame);
    const { catalogue, schema } = resolveName(this.state, name);
    const found = this.state.view.find(catalogue, schema, last);
    if (!found || found.kind !== statement.object) {
      if (statement.ifExists) return;
      throw sqlError(3701, 'drop', statement.object, name.join('.'));
    }
    this.own(name, 'ALTER');
    if (found.kind === 'table') {
      const full = `${found.catalogue}.${found.schema}.${found.name}`;
      const referring = this.state.view
        .tables(catalogue)
        .find(
          (other) =>
            other !== found &&
            other.constraints.some((constraint) => constraint.references?.table === full),
        );
      if (referring) throw sqlError(3726, name.join('.'));
    }
    const sqls =
      found.kind === 'procedure' ? [] : [`DROP ${found.kind.toUpperCase()} ${found.place}`];
    const key = objectKey(catalogue, schema, last);
    await this.atomically(
      [...sqls, `DELETE FROM tsql.objects WHERE key = ${quoteText(key)}`],
      frame,
    );
    this.state.view.record({ key });
    await this.publish();
  }

  private async dropTemporary(name: string, ifExists: boolean, frame: Frame): Promise<void> {
    const table = this.state.temporary.get(name.toLowerCase());
    if (!table) {
      if (ifExists) return;
      throw sqlError(3701, 'drop', 'table', name);
    }
    await this.atomically([`DROP TABLE ${table.place}`], frame, table);
    this.state.temporary.delete(name.toLowerCase());
  }

  async identityInsert(name: ObjectName, on: boolean, frame: Frame): Promise<void> {
    void frame;
    const table = this.table(name);
    if (!table.columns.some((column) => column.identity)) throw sqlError(8106, name.join('.'));
    if (on && this.state.identityInsert && this.state.identityInsert !== table.place)
      throw sqlError(8107, this.state.identityInsert, name.join('.'));
    this.state.identityInsert = on ? table.place : undefined;
  }

  /** Runs the statements and keeps the definition, all or nothing. */
  async store(object: ObjectDefinition, sqls: string[], frame: Frame): Promise<void> {
    if (object.kind !== 'procedure' && object.temporary) {
      await this.atomically([...sqls], frame, object);
      this.state.temporary.set(object.name.toLowerCase(), object);
      if (!frame.temporary.includes(object.name.toLowerCase()))
        frame.temporary.push(object.name.toLowerCase());
      return;
    }
    const key = objectKey(object.catalogue, object.schema, object.name);
    const record = `INSERT INTO tsql.objects (key, definition) VALUES (${quoteText(key)}, ${quoteText(JSON.stringify(object))}) ON CONFLICT (key) DO UPDATE SET definition = excluded.definition`;
    await this.atomically([...sqls, record], frame);
    this.state.view.record({ key, object });
    await this.publish();
  }

  async publish(): Promise<void> {
    if (this.state.transactionCount === 0) await this.state.publish();
  }

  /** Temporary tables belong to the session's own role, all else to the owner of the clinic. */
  async atomically(sqls: string[], frame: Frame, temporary?: TableDefinition): Promise<void> {
    const own = temporary?.temporary === true;
    const inTransaction = this.state.transactionCount > 0;
    const shared = own && sqls.some((sql) => sql.startsWith('CREATE'));
    const [first, ...rest] = shared ? [...sqls, `GRANT ALL ON ${temporary.place} TO PUBLIC`] : sqls;
    if (first === undefined) return;
    const context = {
      action: 'CREATE',
      as: own ? ('login' as const) : ('owner' as const),
      ...(temporary ? { table: temporary } : {}),
    };
    // The lock list opens a transaction of its own where none is open yet.
    await this.state.execute(
      { sql: first, before: inTransaction ? [] : ['SELECT 1'], after: rest },
      frame,
      context,
    );
  }
}
