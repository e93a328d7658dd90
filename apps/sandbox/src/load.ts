/**
 * The `sandbox:load` command: puts the sandbox's clinic into a real SQL Server, so that the same
 * tests and demos run against the true thing. It changes only databases named `Patients` and
 * `Reference`, and only when they are empty or hold a clinic that it made.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { completeShape, readShape } from './clinic/clinic-options.js';
import { ClinicError } from './clinic/clinic-error.js';
import { newPasswords } from './clinic/clinic-state.js';
import { parseWords, runCommand, toStandardError } from './clinic/command-line.js';
import { loadSqlServer } from './clinic/load-sql-server.js';
import { clinicLogins, madeLogins } from './clinic/logins.sql.js';

const help = `Loads the sandbox clinic into a SQL Server (2016 or later).

  npm run sandbox:load -- --to mssql://user:password@host:port/database [options]

  --to URL               where to; the user must be able to create databases and logins.
                         ?trustServerCertificate=true and ?encrypt=false may follow the database
  --replace              drop a clinic loaded earlier and load anew
  --scale N              patients, 100 to 500000 (5000)
  --seed TEXT            other rows of the same kinds (conduit)
  --reference-date DATE  the clinic's today, YYYY-MM-DD (today)
  --no-logins            leave logins and rights alone
  --logins-file FILE     where the new logins' passwords go (.conduit/sandbox-load.json)
  --help

Makes the databases Patients and Reference where they are missing. Exit codes: 0 loaded,
1 failed, 2 wrong command line.`;

async function load(): Promise<void> {
  const words = parseWords(process.argv.slice(2), {
    to: { type: 'string' },
    replace: { type: 'boolean', default: false },
    scale: { type: 'string' },
    seed: { type: 'string' },
    'reference-date': { type: 'string' },
    'no-logins': { type: 'boolean', default: false },
    'logins-file': { type: 'string', default: '.conduit/sandbox-load.json' },
    help: { type: 'boolean', default: false },
  });
  if (words.help) {
    console.log(help);
    return;
  }
  if (words.to === undefined) {
    throw new ClinicError('Say where to: --to mssql://user:password@host:port/database.', 2);
  }
  const shape = completeShape(readShape(words), Date.now());
  const passwords = words['no-logins'] ? undefined : newPasswords();
  await loadSqlServer({
    url: words.to,
    shape,
    replace: words.replace,
    passwords,
    onProgress: ({ table, rows, done, of }) =>
      toStandardError(`  [${done}/${of}] ${table}: ${rows} rows`),
  });
  if (passwords) writeLogins(words['logins-file'], passwords);
  console.log(`Loaded a clinic of ${shape.scale} patients as of ${shape.referenceDate}.`);
}

function writeLogins(file: string, passwords: ReturnType<typeof newPasswords>): void {
  const logins = Object.fromEntries(
    madeLogins.map((role) => [role, { user: clinicLogins[role], password: passwords[role] }]),
  );
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, `${JSON.stringify(logins, null, 2)}\n`, { mode: 0o600 });
  console.log(`The logins' passwords are in ${file}.`);
}

await runCommand(load, toStandardError);
