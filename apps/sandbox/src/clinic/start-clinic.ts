/**
 * Runs the clinic in this process: the embedded engine filled with the generator's rows, and the TDS
 * server in front of it. The command line and every test start it here. It promises that a state
 * directory has one clinic at a time, that a fill which was cut short is thrown away and done again,
 * and that close() leaves nothing running.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { lockFolder } from '#libs/db/folder-lock.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { startEngine, type SandboxEngine } from '../engine/sandbox-engine.js';
import { TdsServer } from '../tds/tds-server.js';
import { ClinicError } from './clinic-error.js';
import { completeShape, differingPart } from './clinic-options.js';
import { newPasswords, readState, writeState, type ClinicState } from './clinic-state.js';
import { clinicCatalogues, type ClinicShape } from './clinic.js';
import { engineLogins } from './engine-logins.js';
import { EngineTarget } from './engine-target.js';
import { fillClinic } from './fill-clinic.js';
import { clinicLogins, type ClinicLogin } from './logins.sql.js';
import { script } from './schema.sql.js';
import { makeTlsFiles, stillServes } from './tls-certificate.js';
import { journalCatalogue, makeJournal } from './write-journal.sql.js';

export interface StartClinicOptions extends Partial<ClinicShape> {
  stateDirectory: string;
  /** 127.0.0.1 unless given. */
  host?: string;
  /** 0, the default, takes a free one. */
  port?: number;
  /** Throw away what the state directory holds. */
  reset?: boolean;
  /** Leave the catalogues empty: a target for tests that load or make tables themselves. */
  empty?: boolean;
  onProgress?: (line: string) => void;
}

export interface RunningClinic {
  host: string;
  port: number;
  shape: ClinicShape;
  logins: Record<ClinicLogin, { user: string; password: string }>;
  /** The server's certificate, which is its own CA. */
  caPem: string;
  /** The same, as a file in the state directory. */
  caFile: string;
  engine: SandboxEngine;
  server: TdsServer;
  /** Resolves if the database ends by itself; never, when all goes well. */
  failed: Promise<Error>;
  close(): Promise<void>;
}

/** @throws ClinicError when the port or the state directory is taken, or the state is of another clinic */
export async function startClinic(options: StartClinicOptions): Promise<RunningClinic> {
  const { host = '127.0.0.1', port = 0, onProgress = () => {} } = options;
  const directory = resolve(options.stateDirectory);
  const unlock = lock(directory);
  const opened: (() => Promise<void> | void)[] = [unlock];
  const close = async (): Promise<void> => {
    for (const step of opened.splice(0).reverse()) await step();
  };
  try {
    await probePort(host, port);
    if (options.reset || wasCutShort(directory)) clearState(directory);
    const state = await prepareState(directory, host, options);
    onProgress('Starting the embedded database …');
    const engine = await startEngine({
      stateDirectory: directory,
      logins: engineLogins(state.passwords),
      catalogues: [...clinicCatalogues, journalCatalogue],
      defaultCatalogue: clinicCatalogues[0],
    });
    opened.push(() => engine.close());
    if (!options.empty && (await engine.isEmpty()))
      await fill(engine, directory, state.shape, onProgress);
    await engine.runScript(journalCatalogue, script(makeJournal));
    const server = new TdsServer(engine, {
      host,
      port,
      key: state.tls.privateKey,
      cert: state.tls.certificate,
    });
    const listening = await server.listen().catch((error: unknown) => {
      throw portProblem(host, port, error);
    });
    opened.push(() => server.close());
    return {
      host,
      port: listening.port,
      shape: state.shape,
      logins: loginsOf(state),
      caPem: state.tls.certificate,
      caFile: join(directory, 'ca.pem'),
      engine,
      server,
      failed: engine.ended.then(() => new ClinicError('The embedded database ended by itself.')),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function lock(directory: string): () => void {
  try {
    return lockFolder(directory);
  } catch (error) {
    if (!(error instanceof ConduitError)) throw error;
    throw new ClinicError(
      `Another sandbox runs on ${directory}. Stop it, or name another directory with --state.`,
      1,
      { cause: error },
    );
  }
}

/** Asks for the port before the long work begins. */
async function probePort(host: string, port: number): Promise<void> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', (error) => reject(portProblem(host, port, error)));
    probe.listen(port, host, () => probe.close(() => resolve()));
  });
}

function portProblem(host: string, port: number, error: unknown): ClinicError {
  const code = (error as NodeJS.ErrnoException).code;
  const problem =
    code === 'EADDRINUSE'
      ? `Port ${port} on ${host} is in use. Choose another with --port, or 0 for any free one.`
      : code === 'EACCES'
        ? `Port ${port} needs rights that this user does not have. Choose one above 1023.`
        : `Cannot listen on ${host}:${port} (${code ?? 'unknown reason'}).`;
  return new ClinicError(problem, 1, { cause: error });
}

const fillingMark = (directory: string): string => join(directory, 'filling');

const wasCutShort = (directory: string): boolean => existsSync(fillingMark(directory));

/** Removes a state directory, but only one that a sandbox made. */
function clearState(directory: string): void {
  const entries = existsSync(directory) ? readdirSync(directory) : [];
  if (entries.length > 0 && !entries.includes('clinic.json')) {
    throw new ClinicError(`${directory} is not a sandbox's state directory; it is left alone.`);
  }
  rmSync(directory, { recursive: true, force: true });
}

async function prepareState(
  directory: string,
  host: string,
  options: StartClinicOptions,
): Promise<ClinicState> {
  const nowMs = Date.now();
  const asked = askedShape(options);
  const found = readState(directory);
  const differs = found && differingPart(found.shape, asked);
  if (differs !== undefined) {
    throw new ClinicError(
      `${directory} holds a clinic of another ${differs}. Leave the option out to use it, or fill anew with --reset.`,
    );
  }
  const state: ClinicState = found ?? {
    shape: completeShape(asked, nowMs),
    passwords: newPasswords(),
    tls: await makeTlsFiles(host, nowMs),
  };
  if (!stillServes(state.tls, host, nowMs)) state.tls = await makeTlsFiles(host, nowMs);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  writeState(directory, state);
  writeFileSync(join(directory, 'ca.pem'), state.tls.certificate);
  return state;
}

function askedShape({ seed, scale, referenceDate }: StartClinicOptions): Partial<ClinicShape> {
  return {
    ...(seed === undefined ? {} : { seed }),
    ...(scale === undefined ? {} : { scale }),
    ...(referenceDate === undefined ? {} : { referenceDate }),
  };
}

async function fill(
  engine: SandboxEngine,
  directory: string,
  shape: ClinicShape,
  onProgress: (line: string) => void,
): Promise<void> {
  writeFileSync(fillingMark(directory), '');
  await fillClinic(new EngineTarget(engine), shape, ({ table, rows, done, of }) =>
    onProgress(`  [${done}/${of}] ${table}: ${rows} rows`),
  );
  await engine.markFilled();
  rmSync(fillingMark(directory));
}

function loginsOf({ passwords }: ClinicState): RunningClinic['logins'] {
  const roles = Object.keys(clinicLogins) as ClinicLogin[];
  return Object.fromEntries(
    roles.map((role) => [role, { user: clinicLogins[role], password: passwords[role] }]),
  ) as RunningClinic['logins'];
}
