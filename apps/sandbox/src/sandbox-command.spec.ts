/** The commands as processes: what they print, how they stop, what they answer to bad words. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import sql from 'mssql';

const programs = join(process.cwd(), 'dist/apps/sandbox/src');

let directory: string;
const children = new Set<ChildProcess>();

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'clinic-command-'));
});
afterEach(async () => {
  for (const child of children) {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
  children.clear();
  rmSync(directory, { recursive: true, force: true });
});

function start(program: string, args: string[]): ChildProcess {
  const child = spawn(process.execPath, [join(programs, program), ...args], { stdio: 'pipe' });
  children.add(child);
  return child;
}

async function outcome(child: ChildProcess): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  child.stdout!.on('data', (chunk) => (out += chunk));
  child.stderr!.on('data', (chunk) => (err += chunk));
  const [code] = await once(child, 'close');
  return { code, out, err };
}

const sandbox = (...args: string[]): ChildProcess =>
  start('main.js', ['--state', join(directory, 'state'), '--scale', '100', '--port', '0', ...args]);

interface Ready {
  host: string;
  port: number;
  users: Record<'read' | 'write', string>;
  passwordFile: string;
}

/** The passwords that the line does not hold, from the file that it names. */
function passwordsOf({ passwordFile }: Ready): Record<'read' | 'write', string> {
  expect(statSync(passwordFile).mode & 0o777).toBe(0o600);
  const { passwords } = JSON.parse(readFileSync(passwordFile, 'utf8')) as {
    passwords: Record<'read' | 'write', string>;
  };
  expect(passwords.read).toMatch(/^Zz9-.{24}$/);
  return passwords;
}

const loginOf = (ready: Ready, login: 'read' | 'write') => ({
  user: ready.users[login],
  password: passwordsOf(ready)[login],
});

async function readyLine(child: ChildProcess): Promise<Ready> {
  for await (const line of createInterface({ input: child.stdout! })) {
    const ready = JSON.parse(line) as Ready;
    for (const password of Object.values(passwordsOf(ready))) expect(line).not.toContain(password);
    return ready;
  }
  throw new Error('the sandbox ended without a word');
}

describe('the sandbox command', () => {
  test('says when it is ready, serves, stops on SIGTERM and comes back with the same state', async () => {
    const child = sandbox('--json');
    const ready = await readyLine(child);
    expect(ready).toMatchObject({
      ready: true,
      host: '127.0.0.1',
      catalogues: ['Patients', 'Reference'],
      users: { read: 'conduit_read' },
    });
    const pool = await new sql.ConnectionPool({
      server: ready.host,
      port: ready.port,
      ...loginOf(ready, 'write'),
      options: { trustServerCertificate: true },
    }).connect();
    await pool.query(`UPDATE dbo.Patient SET NOTES = 'kept' WHERE INTERNALID = 41`);
    await pool.close();
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);

    const again = sandbox('--json');
    const there = await readyLine(again);
    const { port } = there;
    expect(passwordsOf(there)).toEqual(passwordsOf(ready));
    const second = await new sql.ConnectionPool({
      server: '127.0.0.1',
      port,
      ...loginOf(there, 'read'),
      options: { trustServerCertificate: true },
    }).connect();
    const { recordset } = await second.query(`SELECT NOTES FROM Patient WHERE INTERNALID = 41`);
    expect(recordset).toEqual([{ NOTES: 'kept' }]);
    await second.close();
    again.kill('SIGINT');
    expect(await once(again, 'exit')).toEqual([0, null]);
  }, 60_000);

  test('refuses a second copy on one state directory, and another clinic in it', async () => {
    const first = sandbox('--json');
    await readyLine(first);
    const second = await outcome(sandbox());
    expect(second.code).toBe(1);
    expect(second.err).toContain('Another sandbox runs on');
    first.kill('SIGTERM');
    await once(first, 'exit');
    const other = await outcome(sandbox('--seed', 'other'));
    expect(other.code).toBe(1);
    expect(other.err).toContain('holds a clinic of another seed');
  }, 60_000);

  test('stops when its parent is gone', async () => {
    const child = sandbox('--json', '--with-parent');
    await readyLine(child);
    child.stdin!.end();
    expect(await once(child, 'exit')).toEqual([0, null]);
  }, 60_000);

  test('stops when asked although its parent lives on', async () => {
    const child = sandbox('--json', '--with-parent');
    await readyLine(child);
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), 8_000);
    expect(await once(child, 'exit')).toEqual([0, null]);
    clearTimeout(late);
  }, 60_000);

  test('says so and fails when its database ends by itself', async () => {
    const child = sandbox('--json');
    const ended = outcome(child);
    await readyLine(child);
    const { dataDirectory } = JSON.parse(
      readFileSync(join(directory, 'state', 'postgres.json'), 'utf8'),
    ) as { dataDirectory: string };
    const [server] = readFileSync(join(dataDirectory, 'postmaster.pid'), 'utf8').split('\n');
    process.kill(Number(server), 'SIGQUIT');
    const { code, err } = await ended;
    expect(code).toBe(1);
    expect(err).toContain('The embedded database ended by itself.');
  }, 60_000);

  test('names a busy port before it fills anything', async () => {
    const busy = createServer().listen(0, '127.0.0.1');
    await once(busy, 'listening');
    const { port } = busy.address() as AddressInfo;
    const { code, err } = await outcome(sandbox('--port', String(port)));
    busy.close();
    expect(code).toBe(1);
    expect(err).toBe(
      `Port ${port} on 127.0.0.1 is in use. Choose another with --port, or 0 for any free one.\n`,
    );
  });

  test('never resets a directory that is not its own', async () => {
    const precious = join(directory, 'precious');
    mkdirSync(precious);
    writeFileSync(join(precious, 'letter.txt'), 'dear');
    const { code, err } = await outcome(sandbox('--state', precious, '--reset'));
    expect(code).toBe(1);
    expect(err).toContain('is left alone');
  });

  test.each([
    [['--scale', 'many'], '--scale takes a whole number from 100 to 500000.'],
    [['--prot', '1'], "Unknown option '--prot'. See --help."],
    [['stray'], "Unexpected argument 'stray'"],
  ])('answers %j with exit code 2', async (words, problem) => {
    const { code, err } = await outcome(sandbox(...words));
    expect(code).toBe(2);
    expect(err).toContain(problem);
  });

  test.each(['main.js', 'load.js'])('%s --help prints its options and exits 0', async (program) => {
    const { code, out } = await outcome(start(program, ['--help']));
    expect(code).toBe(0);
    expect(out).toContain('--scale N');
  });
});

describe('the sandbox:load command', () => {
  test.each([
    [[], 2, 'Say where to'],
    [['--to', 'nonsense'], 2, '--to is not a URL'],
    [['--to', 'mssql://a:b@127.0.0.1:1/master'], 1, 'No SQL Server answers at 127.0.0.1:1'],
  ])('answers %j with exit code %i', async (words, expected, problem) => {
    const { code, err } = await outcome(start('load.js', words));
    expect(code).toBe(expected);
    expect(err).toContain(problem);
  });
});
