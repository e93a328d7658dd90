/** Views, procedures and schemas: definitions that hold text or other objects rather than rows. */
import { ChangeBinder } from '../binding/change-binder.js';
import { quoteName, quoteText } from '../binding/bound.js';
import type { Frame } from '../session/frame.js';
import { resolveName, SessionEnvironment } from '../session/session-environment.js';
import type { SessionState } from '../session/session-state.js';
import { sqlError } from '../session/sql-error.js';
import type { DefinitionStatement, ObjectName } from '../syntax/syntax-tree.js';
import type { DefinitionRunner } from './definition-runner.js';
import {
  schemaPlace,
  type ObjectDefinition,
  type ProcedureDefinition,
  type TableDefinition,
} from './definitions.js';
import { grantsOn } from './schema-grants.js';

type Of<K extends DefinitionStatement['kind']> = Extract<DefinitionStatement, { kind: K }>;

export class ModuleRunner {
  constructor(
    private readonly state: SessionState,
    private readonly definitions: DefinitionRunner,
  ) {}

  async createView(statement: Of<'createView'>, frame: Frame): Promise<void> {
    const existing = this.existing(statement.name, statement.replace, 'view');
    const identity = existing ?? this.definitions.identity(statement.name, 'CREATE VIEW');
    this.definitions.own(statement.name, 'CREATE VIEW');
    const binder = new ChangeBinder(new SessionEnvironment(this.state, frame));
    if (
      statement.query.orderBy.length > 0 &&
      !(statement.query.body.kind === 'select' && statement.query.body.top) &&
      !statement.query.offset
    )
      throw sqlError(1033);
    const bound = binder.view(statement.query, identity.name, statement.columns);
    if (binder.parameters.sources.length > 0)
      throw sqlError(40515, 'session functions and system views inside a view');
    const names = bound.columns.map((column) => quoteName(column.name.toLowerCase())).join(', ');
    const table: TableDefinition = {
      ...(identity as TableDefinition),
      kind: 'view',
      constraints: [],
      indexes: [],
      text: statement.text,
      columns: bound.columns.map(({ name, type, nullable }) => ({ name, type, nullable })),
    };
    const drop = existing ? [`DROP VIEW ${table.place}`] : [];
    await this.definitions.store(
      table,
      [...drop, `CREATE VIEW ${table.place} (${names}) AS ${bound.sql}`],
      frame,
    );
  }

  private existing(
    name: ObjectName,
    replace: 'create' | 'alter' | 'either',
    kind: 'view' | 'procedure',
  ): ObjectDefinition | undefined {
    if (replace === 'create') return undefined;
    const { catalogue, schema } = resolveName(this.state, name);
    const found = this.state.view.find(catalogue, schema, name.at(-1) as string);
    if (!found && replace === 'alter') throw sqlError(208, name.join('.'));
    if (found && found.kind !== kind) throw sqlError(2010, name.join('.'));
    return found;
  }

  async createProcedure(statement: Of<'createProcedure'>, frame: Frame): Promise<void> {
    const existing = this.existing(statement.name, statement.replace, 'procedure');
    this.definitions.own(statement.name, 'CREATE PROCEDURE');
    const { place: _, ...identity } = {
      place: '',
      ...(existing ?? this.definitions.identity(statement.name, 'CREATE PROCEDURE')),
    };
    const procedure: ProcedureDefinition = {
      ...(identity as ProcedureDefinition),
      kind: 'procedure',
      text: statement.text,
      parameters: statement.parameters.map(({ name, type, output, defaultValue }) => ({
        name,
        type,
        output,
        hasDefault: defaultValue !== undefined,
      })),
    };
    await this.definitions.store(procedure, [], frame);
  }

  async createSchema(name: string, frame: Frame): Promise<void> {
    const { catalogue, rights, view } = {
      catalogue: this.state.catalogue,
      rights: this.state.rights,
      view: this.state.view,
    };
    if (!rights.mayDefine(catalogue)) throw sqlError(262, 'CREATE SCHEMA', catalogue);
    if (view.hasSchema(catalogue, name)) throw sqlError(2714, name);
    const place = schemaPlace(catalogue, name);
    const reader = quoteName(`read:${catalogue.toLowerCase()}`);
    const writer = quoteName(`write:${catalogue.toLowerCase()}`);
    const record = `INSERT INTO tsql.schemas VALUES (${quoteText(`${catalogue}.${name}`)})`;
    await this.definitions.atomically(
      [
        `CREATE SCHEMA ${place}`,
        `GRANT USAGE ON SCHEMA ${place} TO ${reader}, ${writer}`,
        ...grantsOn(place, reader, writer),
        record,
      ],
      frame,
    );
    view.record({ key: `+${catalogue}.${name}`, schema: `${catalogue}.${name}` });
    await this.definitions.publish();
  }

  async dropSchema(name: string, ifExists: boolean, frame: Frame): Promise<void> {
    const { catalogue } = this.state;
    if (!this.state.view.hasSchema(catalogue, name)) {
      if (ifExists) return;
      throw sqlError(3701, 'drop', 'schema', name);
    }
    const inside = this.state.view
      .all()
      .find(
        (object) =>
          object.catalogue === catalogue && object.schema.toLowerCase() === name.toLowerCase(),
      );
    if (inside) throw sqlError(3729, 'drop schema', name, inside.name);
    this.definitions.own([name, 'x'], 'ALTER');
    await this.definitions.atomically(
      [
        `DROP SCHEMA ${schemaPlace(catalogue, name)}`,
        `DELETE FROM tsql.schemas WHERE lower(name) = ${quoteText(`${catalogue}.${name}`.toLowerCase())}`,
      ],
      frame,
    );
    this.state.view.record({ key: `-${catalogue}.${name}`, schema: `${catalogue}.${name}` });
    await this.definitions.publish();
  }
}
