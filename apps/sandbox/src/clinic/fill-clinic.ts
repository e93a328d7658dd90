/**
 * Puts the clinic into a database: tables, rows, indexes, procedures, rights, in that order. Where
 * to is the target's business (the embedded engine, or a real SQL Server); what, is the same.
 */
import { appointmentProcedures } from './appointment-procedures.sql.js';
import { clinicCatalogues, type ClinicCatalogue, type ClinicShape } from './clinic.js';
import { edgeValuesTable, fillEdgeValues } from './edge-values.js';
import { grantRights } from './logins.sql.js';
import { patientProcedures } from './patient-procedures.sql.js';
import { createIndexes, createTable } from './schema.sql.js';
import type { ClinicRow, ClinicTable } from './table.js';
import { clinicTables } from './tables.js';

export interface ClinicTarget {
  /** Runs statements in order, each as a batch of its own, as the admin. */
  run(catalogue: ClinicCatalogue, statements: readonly string[]): Promise<void>;
  /** Loads rows into an empty table, pulling them as it can take them. Resolves to their number. */
  load(table: ClinicTable, rows: Iterable<ClinicRow>): Promise<number>;
}

export interface FillProgress {
  table: string;
  rows: number;
  /** Tables done, this one included, of so many. */
  done: number;
  of: number;
}

export const clinicProcedures: readonly string[] = [...appointmentProcedures, ...patientProcedures];

/** `dbo.BookAppointment`, … */
export const procedureNames: readonly string[] = clinicProcedures.map(
  (definition) => /CREATE PROCEDURE (\S+)/.exec(definition)![1]!,
);

/** Makes and fills the clinic in a target whose catalogues exist and are empty. */
export async function fillClinic(
  target: ClinicTarget,
  shape: ClinicShape,
  onProgress: (progress: FillProgress) => void = () => {},
): Promise<void> {
  for (const catalogue of clinicCatalogues) {
    const tables = clinicTables.filter((table) => table.catalogue === catalogue);
    await target.run(catalogue, tables.map(createTable));
  }
  const filled = clinicTables.filter((table) => table.rows !== undefined);
  for (const [index, table] of filled.entries()) {
    const rows = await target.load(table, table.rows!(shape));
    onProgress({ table: table.name, rows, done: index + 1, of: filled.length });
  }
  await target.run(edgeValuesTable.catalogue, fillEdgeValues);
  for (const catalogue of clinicCatalogues) {
    const tables = clinicTables.filter((table) => table.catalogue === catalogue);
    const procedures = catalogue === 'Patients' ? clinicProcedures : [];
    await target.run(catalogue, [...tables.flatMap(createIndexes), ...procedures]);
  }
}

/** The rights of the `conduit_` logins, whose users exist by then in each catalogue. */
export async function grantClinicRights(target: ClinicTarget): Promise<void> {
  for (const catalogue of clinicCatalogues) await target.run(catalogue, grantRights(catalogue));
}
