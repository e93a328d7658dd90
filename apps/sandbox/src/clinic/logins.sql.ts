/**
 * The clinic's logins and their exact rights in T-SQL. Integrators' statements run as one of the
 * `conduit_` logins; the admin makes and fills the clinic and is for nobody else.
 */
import { clinicCatalogues, type ClinicCatalogue } from './clinic.js';
import { clinicTables } from './tables.js';

/** Login names by what they may do. */
export const clinicLogins = {
  admin: 'clinic_admin',
  /** Reads both catalogues, but none of the secrets. */
  read: 'conduit_read',
  /** Also writes the default catalogue and runs its procedures. */
  write: 'conduit_write',
  /** May log in and open neither catalogue. */
  none: 'conduit_none',
  /** May end other sessions (KILL) and open neither catalogue: the agent's last resort. */
  kill: 'conduit_kill',
} as const;

export type ClinicLogin = keyof typeof clinicLogins;
export type Passwords = Record<ClinicLogin, string>;

/** Logins that a database user is made for in each catalogue. */
const userLogins = [clinicLogins.read, clinicLogins.write];

/** Logins that the loader makes in a SQL Server; the admin there is whoever loads. */
export const madeLogins = ['read', 'write', 'none', 'kill'] as const;

const quoted = (text: string): string => `N'${text.replaceAll("'", "''")}'`;

/** Server-level logins and rights; run in `master`. An existing login gets the new password. */
export function createLogins(passwords: Passwords): string[] {
  const logins = madeLogins.map((role) => {
    const name = clinicLogins[role];
    const settings = `WITH PASSWORD = ${quoted(passwords[role])}, CHECK_POLICY = OFF`;
    const opens = role === 'read' || role === 'write' ? clinicCatalogues[0] : 'master';
    return [
      `IF EXISTS (SELECT 1 FROM sys.server_principals WHERE name = ${quoted(name)})`,
      `  ALTER LOGIN [${name}] ${settings};`,
      'ELSE',
      `  CREATE LOGIN [${name}] ${settings}, DEFAULT_DATABASE = [${opens}];`,
    ].join('\n');
  });
  return [...logins, `GRANT ALTER ANY CONNECTION, VIEW SERVER STATE TO [${clinicLogins.kill}];`];
}

/** Database users for the logins; run in each catalogue. */
export function createUsers(): string[] {
  return userLogins.map((name) => `CREATE USER [${name}] FOR LOGIN [${name}];`);
}

/** Removes users of an earlier load; run in each catalogue. */
export function dropUsers(): string[] {
  return userLogins.map((name) => `DROP USER IF EXISTS [${name}];`);
}

/** What the users of one catalogue may do; run in that catalogue after its tables are made. */
export function grantRights(catalogue: ClinicCatalogue): string[] {
  const { read, write } = clinicLogins;
  const writes = catalogue === 'Patients' ? 'SELECT, INSERT, UPDATE, DELETE, EXECUTE' : 'SELECT';
  const statements = [
    `GRANT SELECT ON SCHEMA::dbo TO [${read}];`,
    `GRANT ${writes} ON SCHEMA::dbo TO [${write}];`,
  ];
  for (const table of clinicTables.filter((candidate) => candidate.catalogue === catalogue)) {
    if (table.denied === undefined) continue;
    const whole = table.denied === 'table';
    const columns = whole ? '' : ` (${(table.denied as readonly string[]).join(', ')})`;
    const rights = whole ? 'SELECT, INSERT, UPDATE, DELETE' : 'SELECT, UPDATE';
    for (const login of [read, write]) {
      statements.push(`DENY ${rights} ON dbo.${table.name}${columns} TO [${login}];`);
    }
  }
  return statements;
}
