/**
 * The catalogue of objects, shared by all sessions. A session sees its own uncommitted definitions on
 * top; they join the shared ones when its transaction commits and vanish when it rolls back.
 */
import { objectKey, type ObjectDefinition, type TableDefinition } from './definitions.js';

export interface SchemaChange {
  key: string;
  /** Absent for a dropped object. */
  object?: ObjectDefinition;
  /** A schema that was created or dropped, as `catalogue.schema`. */
  schema?: string;
}

export class SchemaStore {
  readonly objects = new Map<string, ObjectDefinition>();
  /** Lowercase `catalogue.schema` → as written. */
  readonly schemas = new Map<string, string>();
  version = 0;
  private lastId = 1_000_000;

  constructor(readonly catalogues: string[]) {
    for (const catalogue of catalogues) this.schemas.set(`${catalogue}.dbo`.toLowerCase(), 'dbo');
  }

  /** An object id that no object has had in this run, nor has in the state. */
  freshId(): number {
    this.lastId =
      Math.max(this.lastId, ...[...this.objects.values()].map((object) => object.id)) + 1;
    return this.lastId;
  }

  /** A catalogue's name as declared. */
  catalogue(name: string): string | undefined {
    return this.catalogues.find((each) => each.toLowerCase() === name.toLowerCase());
  }

  apply(changes: SchemaChange[]): void {
    if (changes.length > 0) this.version++;
    for (const change of changes) applyChange(this.objects, this.schemas, change);
  }
}

function applyChange(
  objects: Map<string, ObjectDefinition>,
  schemas: Map<string, string>,
  change: SchemaChange,
): void {
  if (change.schema !== undefined) {
    if (change.key.startsWith('-')) schemas.delete(change.schema.toLowerCase());
    else schemas.set(change.schema.toLowerCase(), change.schema.split('.')[1] as string);
  } else if (change.object) objects.set(change.key, change.object);
  else objects.delete(change.key);
}

/** One session's sight of the store. */
export class SchemaView {
  private changes: SchemaChange[] = [];
  private own:
    | { objects: Map<string, ObjectDefinition>; schemas: Map<string, string>; base: number }
    | undefined;
  private localVersion = 0;

  constructor(readonly store: SchemaStore) {}

  get version(): string {
    return `${this.store.version}.${this.localVersion}`;
  }

  private get seen(): { objects: Map<string, ObjectDefinition>; schemas: Map<string, string> } {
    if (this.changes.length === 0) return this.store;
    if (this.own?.base !== this.store.version) {
      this.own = {
        objects: new Map(this.store.objects),
        schemas: new Map(this.store.schemas),
        base: this.store.version,
      };
      for (const change of this.changes) applyChange(this.own.objects, this.own.schemas, change);
    }
    return this.own;
  }

  find(catalogue: string, schema: string, name: string): ObjectDefinition | undefined {
    return this.seen.objects.get(objectKey(catalogue, schema, name));
  }

  all(): ObjectDefinition[] {
    return [...this.seen.objects.values()];
  }

  tables(catalogue: string): TableDefinition[] {
    return this.all().filter(
      (object): object is TableDefinition =>
        object.kind !== 'procedure' && object.catalogue === catalogue,
    );
  }

  schemas(catalogue: string): string[] {
    const prefix = `${catalogue.toLowerCase()}.`;
    return [...this.seen.schemas].filter(([key]) => key.startsWith(prefix)).map(([, name]) => name);
  }

  hasSchema(catalogue: string, schema: string): boolean {
    return this.seen.schemas.has(`${catalogue}.${schema}`.toLowerCase());
  }

  record(change: SchemaChange): void {
    this.changes.push(change);
    this.own = undefined;
    this.localVersion++;
  }

  /** A place to come back to. */
  get mark(): number {
    return this.changes.length;
  }

  backTo(mark: number): void {
    if (this.changes.length === mark) return;
    this.changes.length = mark;
    this.own = undefined;
    this.localVersion++;
  }

  /** Makes the changes everyone's. */
  commit(): boolean {
    const had = this.changes.length > 0;
    this.store.apply(this.changes);
    this.changes = [];
    this.own = undefined;
    return had;
  }
}
