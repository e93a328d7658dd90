import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HttpsJson } from '#deploy/dev/https-json.js';
import {
  StartRun,
  childrenOf,
  freePair,
  isRunning,
  runStart,
} from '#test/e2e/start-command.fixture.js';

interface Summary {
  integratorUrl: string;
  subscriptionKey: string;
  siteId: string;
  caFile: string;
}

const LONG_MS = 90_000;
const state = mkdtempSync(join(tmpdir(), 'start-'));
let port: number;
let options: string[];
const runs: StartRun[] = [];
let killed: StartRun;

beforeAll(async () => {
  port = await freePair();
  options = ['--state', state, '--port', String(port), '--scale', '100'];
});

afterAll(async () => {
  for (const run of runs) run.signal('SIGINT');
  await Promise.all(runs.map((run) => run.ended));
  rmSync(state, { recursive: true, force: true });
});

async function up(...more: string[]): Promise<StartRun> {
  const run = new StartRun(...options, ...more);
  runs.push(run);
  await run.until('Ctrl-C stops everything.');
  return run;
}

const summary = () => JSON.parse(readFileSync(join(state, 'dev.json'), 'utf8')) as Summary;

async function availability({ integratorUrl, subscriptionKey, siteId, caFile }: Summary) {
  const integrator = new HttpsJson(integratorUrl, caFile, {
    'ocp-apim-subscription-key': subscriptionKey,
  });
  const site = await integrator.expect<{ availability: string }>(
    'GET',
    `/integrator/sites/${siteId}`,
  );
  await integrator.close();
  return site.availability;
}

test(
  '--help says what can be asked, a wrong word what is wrong',
  async () => {
    const help = await runStart('--help');
    expect(help.code).toBe(0);
    for (const option of ['--once', '--reset', '--port', '--scale', '--pms', '--state']) {
      expect(help.output).toContain(option);
    }
    for (const [words, complaint] of [
      [['--nonsense'], "Unknown option '--nonsense'. See --help."],
      [['--port', 'high'], '--port must be a whole number from 1 to 65533. See --help.'],
      [['--pms', 'postgres://x'], '--pms takes mssql://user:password@host:port/database'],
    ] as const) {
      const wrong = await runStart('--state', state, ...words);
      expect(wrong).toMatchObject({ code: 1, output: expect.stringContaining(complaint) });
      expect(wrong.output).not.toMatch(/\n\s+at /);
    }
  },
  LONG_MS,
);

test(
  '--once prints rows and ends well, and leaves no process',
  async () => {
    const { code, output } = await runStart(...options, '--once');
    expect(output).toMatch(/SURNAME +FIRSTNAME/);
    expect(output).toMatch(/Appointment \d+ on /);
    expect(code).toBe(0);
  },
  LONG_MS,
);

test(
  'the next start takes up the state, and what it prints can be pasted',
  async () => {
    const before = summary();
    killed = await up();
    expect(killed.output).toContain('Agent attaches, as enrolled before');
    const { siteId, subscriptionKey } = summary();
    expect({ siteId, subscriptionKey }).toEqual({
      siteId: before.siteId,
      subscriptionKey: before.subscriptionKey,
    });
    expect(await availability(summary())).toBe('online');
    const [link = ''] =
      killed.output.match(/http:\/\/localhost:\d+\/console\/invitation#\S+/) ?? [];
    const page = await fetch(link);
    expect([page.status, page.headers.get('content-type')]).toEqual([
      200,
      expect.stringContaining('text/html'),
    ]);
    const pasted = killed.output.match(/^ {2}curl [\s\S]*?immediate'$/gm) ?? [];
    expect(pasted).toHaveLength(2);
    const answers = pasted.map((line) => execFileSync('bash', ['-c', line]).toString());
    expect(answers[0]).toContain('{"SURNAME":');
    expect(answers[1]).toContain('"status":"successful"');
    const copy = await runStart(...options);
    expect(copy.code).toBe(1);
    expect(copy.output).toContain(`A conduit is already running on ${state} (process `);
  },
  LONG_MS,
);

test(
  'what a killed start left behind is ended by the next one, and an interrupt ends its own',
  async () => {
    const strays = childrenOf(state);
    expect(strays.filter(isRunning)).toHaveLength(4);
    killed.signal('SIGKILL');
    const run = await up();
    expect(strays.filter(isRunning)).toEqual([]);
    const children = childrenOf(state);
    run.signal('SIGINT');
    expect(await run.ended).toBe(0);
    expect(children).toHaveLength(4);
    expect(children.filter(isRunning)).toEqual([]);
  },
  LONG_MS,
);

test(
  'a busy port is named before anything is started',
  async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(port + 1, '127.0.0.1', resolve));
    const { code, output } = await runStart(...options);
    await new Promise((resolve) => other.close(resolve));
    expect(code).toBe(1);
    expect(output).toContain(`Port ${port + 1} is in use by another program.`);
    expect(output).not.toContain('Redis');
  },
  LONG_MS,
);

test(
  'a practice database that nobody answers for is named with what to check',
  async () => {
    const { code, output } = await runStart(...options, '--pms', 'mssql://u:secret@127.0.0.1:1/Db');
    expect(code).toBe(1);
    expect(output).toContain('The SQL Server of --pms, 127.0.0.1:1, refuses connections');
    expect(output).toContain('Check the host and the port');
    expect(output).not.toContain('secret');
  },
  LONG_MS,
);

test(
  'a start that is interrupted on its way leaves no process and no half a state',
  async () => {
    const run = new StartRun(...options, '--reset');
    runs.push(run);
    await run.until('✓ Redis');
    const children = childrenOf(state);
    run.signal('SIGINT');
    expect(await run.ended).toBe(130);
    expect(children.filter(isRunning)).toEqual([]);
    expect(existsSync(join(state, 'dev.json'))).toBe(false);
  },
  LONG_MS,
);

test(
  'a practice database that does not speak is told by its code and remedy',
  async () => {
    const silent = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port: itsPort } = silent.address() as { port: number };
    const pms = ['--pms', `mssql://u:p@127.0.0.1:${itsPort}/Db`];
    const { code, output } = await runStart(...options, ...pms, '--once');
    await new Promise((resolve) => silent.close(resolve));
    expect(code).toBe(1);
    expect(output).toContain('was answered 503 DATABASE_UNAVAILABLE');
    expect(output).toContain('The practice can check that SQL Server is running');
  },
  LONG_MS,
);
