/**
 * What a sandbox remembers between runs, in `<state>/clinic.json` (mode 0600): the shape of the
 * clinic that fills its database, the logins' passwords, the TLS key and certificate. Passwords are
 * drawn once for each state directory and exist nowhere else.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClinicShape } from './clinic.js';
import { ClinicError } from './clinic-error.js';
import type { Passwords } from './logins.sql.js';
import type { TlsFiles } from './tls-certificate.js';

export interface ClinicState {
  shape: ClinicShape;
  passwords: Passwords;
  tls: TlsFiles;
}

export const stateFile = (directory: string): string => join(directory, 'clinic.json');

/** Letters and digits, with one of each kind that SQL Server's password policy counts. */
function password(): string {
  return `Zz9-${randomBytes(18).toString('base64url')}`;
}

export function newPasswords(): Passwords {
  return {
    admin: password(),
    read: password(),
    write: password(),
    none: password(),
    kill: password(),
  };
}

/** The remembered state, or undefined in a new directory. */
export function readState(directory: string): ClinicState | undefined {
  let text: string;
  try {
    text = readFileSync(stateFile(directory), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new ClinicError(`${stateFile(directory)} cannot be read.`, 1, { cause: error });
  }
  try {
    const state = JSON.parse(text) as ClinicState;
    if (state.shape.scale > 0 && state.passwords.admin && state.tls.certificate) return state;
  } catch {
    // Falls through to the same answer as a file of the wrong shape.
  }
  throw new ClinicError(`${stateFile(directory)} is damaged. Start anew with --reset.`);
}

/** Writes aside and renames, so that a crash leaves the old file or the new one. */
export function writeState(directory: string, state: ClinicState): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const aside = `${stateFile(directory)}.new`;
  writeFileSync(aside, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  renameSync(aside, stateFile(directory));
}
