/** The embedded engine as the clinic's target: batches as the admin, rows over the fast path. */
import type { ClinicCatalogue } from './clinic.js';
import type { ClinicTarget } from './fill-clinic.js';
import { script } from './schema.sql.js';
import type { ClinicRow, ClinicTable } from './table.js';
import type { SqlValue } from '../engine/sql-engine.port.js';

/** What filling needs of the engine. */
export interface FillableEngine {
  runScript(catalogue: string, tsql: string): Promise<void>;
  /** Resolves to the number of rows. Identity values are taken from the rows. */
  copyIn(
    catalogue: string,
    table: string,
    columns: string[],
    rows: Iterable<SqlValue[]>,
  ): Promise<number>;
}

export class EngineTarget implements ClinicTarget {
  constructor(private readonly engine: FillableEngine) {}

  async run(catalogue: ClinicCatalogue, statements: readonly string[]): Promise<void> {
    if (statements.length > 0) await this.engine.runScript(catalogue, script(statements));
  }

  load(table: ClinicTable, rows: Iterable<ClinicRow>): Promise<number> {
    const columns = table.columns.map((column) => column.name);
    function* values(): Iterable<SqlValue[]> {
      for (const row of rows) yield columns.map((column) => row[column] ?? null);
    }
    return this.engine.copyIn(table.catalogue, table.name, columns, values());
  }
}
