/** The same rights as logins.sql.ts grants by statement, in the form that the embedded engine takes. */
import type { SandboxLogin } from '../engine/logins.js';
import { clinicCatalogues } from './clinic.js';
import { procedureNames } from './fill-clinic.js';
import { clinicLogins, type Passwords } from './logins.sql.js';
import { clinicTables } from './tables.js';
import { journalCatalogue } from './write-journal.sql.js';

function deniedNames(): string[] {
  return clinicTables.flatMap((table) => {
    const name = `${table.catalogue}.dbo.${table.name}`;
    if (table.denied === undefined) return [];
    return table.denied === 'table' ? [name] : table.denied.map((column) => `${name}.${column}`);
  });
}

export function engineLogins(passwords: Passwords): SandboxLogin[] {
  const deny = deniedNames();
  const login = (role: keyof typeof clinicLogins): { user: string; password: string } => ({
    user: clinicLogins[role],
    password: passwords[role],
  });
  return [
    {
      ...login('admin'),
      rights: Object.fromEntries(
        [...clinicCatalogues, journalCatalogue].map((catalogue) => [catalogue, 'owner']),
      ),
      sysadmin: true,
    },
    { ...login('read'), rights: { Patients: 'read', Reference: 'read' }, deny },
    {
      ...login('write'),
      rights: { Patients: 'readWrite', Reference: 'read', [journalCatalogue]: 'readWrite' },
      deny,
      execute: procedureNames.map((name) => `Patients.${name}`),
    },
    { ...login('none'), rights: {} },
    { ...login('kill'), rights: {}, alterAnyConnection: true },
  ];
}
