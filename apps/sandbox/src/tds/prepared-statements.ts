import type { SqlParameter } from '../engine/sql-engine.port.js';
import {
  applyDeclarations,
  readDeclarations,
  type DeclaredParameter,
} from './parameter-declaration.js';
import { TdsContentError } from './protocol.js';

const MAX_HANDLES = 10_000;

interface PreparedStatement {
  sql: string;
  declared: DeclaredParameter[];
}

/** The statements one session has prepared, by handle. They are text: each execution is planned by the engine. */
export class PreparedStatements {
  readonly #statements = new Map<number, PreparedStatement>();
  #lastHandle = 0;

  /** @throws TdsContentError 701 when a client never unprepares */
  add(sql: string, declarations: string): number {
    if (this.#statements.size >= MAX_HANDLES) {
      throw new TdsContentError(701, 'There is insufficient system memory to run this query.', 123);
    }
    const handle = ++this.#lastHandle;
    this.#statements.set(handle, { sql, declared: readDeclarations(declarations) });
    return handle;
  }

  /** @throws TdsContentError 8179 for a handle that was never given or was given back */
  bind(handle: number, values: SqlParameter[]): { sql: string; parameters: SqlParameter[] } {
    const statement = this.#statements.get(handle);
    if (statement === undefined) throw unknownHandle(handle);
    return { sql: statement.sql, parameters: applyDeclarations(values, statement.declared) };
  }

  /** @throws TdsContentError 8179 for an unknown handle */
  remove(handle: number): void {
    if (!this.#statements.delete(handle)) throw unknownHandle(handle);
  }

  clear(): void {
    this.#statements.clear();
  }
}

function unknownHandle(handle: number): TdsContentError {
  return new TdsContentError(8179, `Could not find prepared statement with handle ${handle}.`, 2);
}
