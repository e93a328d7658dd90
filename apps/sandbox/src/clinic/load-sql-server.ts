/** Loads the clinic into a SQL Server, refusing to touch anything that it did not make itself. */
import { clinicCatalogues, type ClinicCatalogue, type ClinicShape } from './clinic.js';
import { ClinicError } from './clinic-error.js';
import { fillClinic, grantClinicRights, procedureNames, type FillProgress } from './fill-clinic.js';
import {
  clinicLogins,
  createLogins,
  createUsers,
  dropUsers,
  type Passwords,
} from './logins.sql.js';
import { SqlServerTarget } from './sql-server-target.js';
import { clinicTables } from './tables.js';

export interface LoadOptions {
  url: string;
  shape: ClinicShape;
  /** Drop a clinic that is already there; anything else there is never dropped. */
  replace: boolean;
  /** Make the `conduit_` logins with these passwords; absent: leave logins and rights alone. */
  passwords: Passwords | undefined;
  onProgress: (progress: FillProgress) => void;
}

/** @throws ClinicError when the target cannot be reached or is not empty */
export async function loadSqlServer(options: LoadOptions): Promise<void> {
  const target = await SqlServerTarget.connect(options.url);
  try {
    await target.createCatalogues();
    await clear(target, options.replace);
    await fillClinic(target, options.shape, options.onProgress);
    if (options.passwords) {
      await target.runOnServer(createLogins(options.passwords));
      for (const catalogue of clinicCatalogues) {
        await target.run(catalogue, [...dropUsers(), ...createUsers()]);
      }
      await grantClinicRights(target);
      await target.makeJournal(clinicLogins.write);
    }
  } finally {
    await target.close();
  }
}

async function clear(target: SqlServerTarget, replace: boolean): Promise<void> {
  const present = await target.existingTables();
  if (present.length === 0) return;
  const some = `${present.slice(0, 3).join(', ')}${present.length > 3 ? ', …' : ''}`;
  if (!(await target.holdsClinic())) {
    throw new ClinicError(
      `The target holds tables that are not this clinic's (${some}). Nothing was changed; use an empty server.`,
    );
  }
  if (!replace) {
    throw new ClinicError(
      'The target already holds a clinic. Nothing was changed; --replace drops it and loads anew.',
    );
  }
  for (const catalogue of clinicCatalogues) await target.run(catalogue, dropAll(catalogue));
}

function dropAll(catalogue: ClinicCatalogue): string[] {
  const procedures = catalogue === 'Patients' ? procedureNames : [];
  return [
    ...procedures.map((name) => `DROP PROCEDURE IF EXISTS ${name};`),
    ...clinicTables
      .filter((table) => table.catalogue === catalogue)
      .map((table) => `DROP TABLE IF EXISTS dbo.${table.name};`),
  ];
}
