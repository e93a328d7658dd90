/**
 * The `sandbox` command: runs the pretend clinic until it is told to stop. Progress goes to standard
 * error, the banner (or, with --json, one machine-readable line) to standard output. It ends its
 * database with it, whichever way it is stopped.
 */
import { readShape, wholeNumber } from './clinic/clinic-options.js';
import { resolve } from 'node:path';
import { stateFile } from './clinic/clinic-state.js';
import { clinicCatalogues } from './clinic/clinic.js';
import { parseWords, runCommand, toStandardError } from './clinic/command-line.js';
import { startClinic, type RunningClinic } from './clinic/start-clinic.js';
import { journalPlace } from './clinic/write-journal.sql.js';

const help = `Runs the sandbox clinic: SQL Server's protocol, an embedded engine, synthetic patients.

  npm run sandbox -- [options]

  --port N               TCP port, 0 for any free one (11433)
  --host ADDRESS         address to listen on (127.0.0.1)
  --state DIR            where it keeps its database and passwords (.conduit/sandbox)
  --scale N              patients, 100 to 500000 (5000)
  --seed TEXT            other rows of the same kinds (conduit)
  --reference-date DATE  the clinic's today, YYYY-MM-DD (today, when first filled)
  --reset                throw the state away and fill anew
  --json                 print one line of JSON when ready; passwords are in the file it names
  --with-parent          stop when standard input ends or the parent disconnects
  --help

Exit codes: 0 stopped when asked, 1 failed, 2 wrong command line.`;

async function run(): Promise<void> {
  const words = parseWords(process.argv.slice(2), {
    port: { type: 'string', default: '11433' },
    host: { type: 'string', default: '127.0.0.1' },
    state: { type: 'string', default: '.conduit/sandbox' },
    scale: { type: 'string' },
    seed: { type: 'string' },
    'reference-date': { type: 'string' },
    reset: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    'with-parent': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  });
  if (words.help) {
    console.log(help);
    return;
  }
  const options = {
    port: wholeNumber('--port', words.port, 0, 65_535),
    host: words.host,
    stateDirectory: words.state,
    ...readShape(words),
    reset: words.reset,
    onProgress: toStandardError,
  };
  const stopAsked = untilAskedToStop(words['with-parent']);
  const clinic = await startClinic(options);
  console.log(words.json ? readyLine(clinic, words.state) : banner(clinic, words.state));
  const reason = await Promise.race([stopAsked, clinic.failed]);
  // A parent's pipe that stays open would keep this process alive.
  process.stdin.destroy();
  if (!words.json) toStandardError('Stopping …');
  await clinic.close();
  if (reason instanceof Error) throw reason;
}

/** Resolves on Ctrl-C, SIGTERM, and with --with-parent when the parent is gone. */
function untilAskedToStop(withParent: boolean): Promise<void> {
  return new Promise((resolve) => {
    process.on('SIGINT', () => resolve());
    process.on('SIGTERM', () => resolve());
    if (!withParent) return;
    process.on('disconnect', () => resolve());
    process.stdin.on('end', () => resolve()).on('error', () => resolve());
    process.stdin.resume();
  });
}

/** Whoever started it writes this into a log: the passwords are named by their file. */
function readyLine({ host, port, logins, caFile }: RunningClinic, state: string): string {
  const users = Object.entries(logins).map(([login, { user }]) => [login, user]);
  return JSON.stringify({
    ready: true,
    host,
    port,
    catalogues: clinicCatalogues,
    journal: journalPlace,
    users: Object.fromEntries(users) as Record<string, string>,
    passwordFile: resolve(stateFile(state)),
    caFile,
    pid: process.pid,
  });
}

function banner({ host, port, logins, caFile, shape }: RunningClinic, state: string): string {
  const line = ({ user, password }: { user: string; password: string }): string =>
    `mssql://${user}:${password}@${host}:${port}/${clinicCatalogues[0]}`;
  return [
    '',
    `The sandbox clinic is ready: ${shape.scale} synthetic patients as of ${shape.referenceDate}.`,
    '',
    `  read only    ${line(logins.read)}`,
    `  read, write  ${line(logins.write)}`,
    `  admin        ${line(logins.admin)}`,
    '',
    `  catalogues   ${clinicCatalogues.join(', ')}`,
    `  journal      ${Object.values(journalPlace).join('.')}, for the agent's write journal`,
    `  certificate  ${caFile}`,
    `  passwords    ${state}/clinic.json, also of ${logins.none.user} and ${logins.kill.user}`,
    '',
    'Ctrl-C stops it.',
  ].join('\n');
}

await runCommand(run, toStandardError);
