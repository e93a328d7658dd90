/** Names and rights as the binder sees them: one session's catalogue, one frame's variables. */
import type { TsqlType } from '../sql-engine.port.js';
import type { Action, BindEnvironment, SystemTable } from '../binding/environment.js';
import { fullName, type ObjectDefinition, type TableDefinition } from '../schema/definitions.js';
import { findSystemTable } from '../schema/system-views.js';
import type { ObjectName } from '../syntax/syntax-tree.js';
import type { Frame } from './frame.js';
import type { SessionState } from './session-state.js';
import { compileError } from './sql-error.js';

export class SessionEnvironment implements BindEnvironment {
  constructor(
    private readonly state: SessionState,
    private readonly frame: Frame,
  ) {}

  variable(name: string): TsqlType | undefined {
    return this.frame.variable(name)?.type;
  }

  table(name: ObjectName, action: Action): TableDefinition {
    const last = name.at(-1) as string;
    if (last.startsWith('#')) {
      const temporary = this.state.temporary.get(last.toLowerCase());
      if (!temporary) throw compileError(208, last);
      return temporary;
    }
    const { catalogue, schema } = resolveName(this.state, name);
    const found = this.state.view.find(catalogue, schema, last);
    if (!found || found.kind === 'procedure' || !this.mayKnow(found))
      throw compileError(208, name.join('.'));
    this.checkTable(found, action);
    return found;
  }

  private mayKnow(object: ObjectDefinition): boolean {
    return this.frame.chained || this.state.rights.mayEnter(object.catalogue);
  }

  private checkTable(table: TableDefinition, action: Action): void {
    if (this.frame.chained) return;
    const { rights } = this.state;
    const allowed =
      action === 'SELECT'
        ? rights.mayRead(fullName(table), table.catalogue)
        : rights.mayWrite(fullName(table), table.catalogue);
    if (!allowed) throw compileError(229, action, table.name, table.catalogue, table.schema);
  }

  tableVariable(name: string): TableDefinition {
    const table = this.frame.tableVariables.get(name.toLowerCase());
    if (!table) throw compileError(1087, name);
    return table;
  }

  systemTable(name: ObjectName): SystemTable | undefined {
    const schema = (name.at(-2) ?? '').toLowerCase();
    if (schema !== 'sys' && schema !== 'information_schema') return undefined;
    const catalogue =
      name.length > 2 && name[0] !== ''
        ? resolveName(this.state, [name[0] as string, 'dbo', 'x']).catalogue
        : this.state.catalogue;
    return findSystemTable(
      `${schema}.${(name.at(-1) as string).toLowerCase()}`,
      this.state,
      catalogue,
    );
  }

  checkColumn(table: TableDefinition, column: string, action: 'SELECT' | 'UPDATE'): void {
    if (this.frame.chained || table.temporary) return;
    if (!this.state.rights.mayUseColumn(fullName(table), column)) {
      throw compileError(230, action, column, table.name, table.catalogue, table.schema);
    }
  }

  mayLock(table: TableDefinition): boolean {
    return this.frame.chained || this.state.rights.mayWrite(fullName(table), table.catalogue);
  }

  hasIdentityInsert(table: TableDefinition): boolean {
    return this.state.identityInsert === table.place;
  }

  /** `name|permission` → 1, for what the login may do in the current catalogue. */
  private permissions(): string {
    const { state } = this;
    const entries = state.view.all().flatMap((object) => {
      if (object.catalogue !== state.catalogue) return [];
      const full = fullName(object);
      const { rights } = state;
      const granted =
        object.kind === 'procedure'
          ? rights.mayExecute(full, object.catalogue)
            ? ['execute']
            : []
          : [
              ...(rights.mayRead(full, object.catalogue) ? ['select'] : []),
              ...(rights.mayWrite(full, object.catalogue) ? ['insert', 'update', 'delete'] : []),
            ];
      const names = [
        full,
        `${object.schema}.${object.name}`,
        ...(object.schema === 'dbo' ? [object.name] : []),
      ];
      return names.flatMap((name) =>
        granted.map((permission) => [`${name}|${permission}`.toLowerCase(), 1] as const),
      );
    });
    return JSON.stringify(Object.fromEntries(entries));
  }

  lookup(kind: Parameters<BindEnvironment['lookup']>[0]): string {
    if (kind === 'permissions') return this.permissions();
    const { state } = this;
    const entries: [string, string | number][] = [];
    if (kind === 'db_id' || kind === 'db_name') {
      state.services.catalogues.forEach((name, i) =>
        entries.push(kind === 'db_id' ? [name.toLowerCase(), i + 1] : [String(i + 1), name]),
      );
    } else if (kind === 'schema_id' || kind === 'schema_name') {
      state.view
        .schemas(state.catalogue)
        .forEach((name, i) =>
          entries.push(kind === 'schema_id' ? [name.toLowerCase(), i + 1] : [String(i + 1), name]),
        );
    } else {
      for (const object of state.view.all()) {
        if (!state.rights.mayEnter(object.catalogue)) continue;
        if (kind === 'object_name') {
          if (object.catalogue === state.catalogue) entries.push([String(object.id), object.name]);
          continue;
        }
        const { catalogue, schema, name, id } = object;
        entries.push([`${catalogue}.${schema}.${name}`.toLowerCase(), id]);
        if (schema === 'dbo') entries.push([`${catalogue}..${name}`.toLowerCase(), id]);
        if (catalogue !== state.catalogue) continue;
        entries.push([`${schema}.${name}`.toLowerCase(), id]);
        if (schema === 'dbo') entries.push([name.toLowerCase(), id]);
      }
      for (const [name, table] of state.temporary)
        entries.push([`tempdb..${name}`, table.id], [`tempdb.dbo.${name}`, table.id]);
    }
    return JSON.stringify(Object.fromEntries(entries));
  }
}

/** Catalogue and schema of a written name. @throws SqlError 7202, 911, 916. */
export function resolveName(
  state: SessionState,
  name: ObjectName,
): { catalogue: string; schema: string } {
  if (name.length === 4) throw compileError(7202, name[0] as string);
  const schema = name.at(-2) || 'dbo';
  const written = name.length === 3 && name[0] !== '' ? (name[0] as string) : state.catalogue;
  const catalogue = state.view.store.catalogue(written);
  if (!catalogue)
    throw compileError(name.length === 3 ? 208 : 911, name.length === 3 ? name.join('.') : written);
  if (!state.rights.mayEnter(catalogue)) throw compileError(916, state.facts.user, catalogue);
  return { catalogue, schema };
}
