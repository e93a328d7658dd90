/** The brake at a database server with real locks: the clinic waits for a statement of ours. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mssql from 'mssql';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startClinic, type RunningClinic } from '#apps/sandbox/src/clinic/start-clinic.js';
import { LoadBrake } from '#apps/agent/src/brake/load-brake.js';
import { nobodyWithdrew } from '#apps/agent/src/consent/consent.fixture.js';
import { PmsSites } from '#apps/agent/src/execution/pms-sites.js';
import type { EventLog } from '#apps/agent/src/logging/event-log.js';
import { MssqlPmsDriver } from '#apps/agent/src/pms/pms-driver.mssql.js';
import { aCommand, gather } from '#apps/agent/src/pms/rows/result.fixture.js';
import { aLogin, aSite } from '#apps/agent/src/pms/site-settings.fixture.js';
import { noDisk } from '#apps/agent/src/spool/spool.fixture.js';
import { aKeeping } from '#apps/agent/src/writes/write-keeping.fixture.js';

let folder: string;
let clinic: RunningClinic;
let sites: PmsSites;
let brake: LoadBrake;
let reception: mssql.ConnectionPool;

const siteId = (): string => sites.all()[0]!.settings.siteId;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'conduit-brake-'));
  clinic = await startClinic({ stateDirectory: join(folder, 'clinic'), scale: 40 });
  const { logins, port } = clinic;
  const login = (name: 'read' | 'write' | 'kill') =>
    aLogin(logins[name].user, logins[name].password);
  const site = aSite(port, {
    encrypt: true,
    logins: { read: login('read'), write: login('write'), kill: login('kill') },
  });
  sites = new PmsSites(
    [site],
    (each) => new MssqlPmsDriver(each),
    noDisk(),
    aKeeping(),
    nobodyWithdrew(),
  );
  brake = new LoadBrake(sites, { write: () => undefined } as unknown as EventLog);
  reception = await new mssql.ConnectionPool({
    server: 'localhost',
    port,
    user: logins.admin.user,
    password: logins.admin.password,
    database: 'Patients',
    options: { trustServerCertificate: true, appName: 'reception' },
  }).connect();
}, 120_000);

afterAll(async () => {
  await reception?.close();
  await sites?.onApplicationShutdown();
  await clinic?.close();
  rmSync(folder, { recursive: true, force: true });
});

test('a clinic that waits for our lock is seen, async work is held, and let go when the lock is', async () => {
  const { driver, room } = sites.all()[0]!;
  await brake.lookAtAll();
  expect(await driver.blockedByOurs()).toBe(0);
  const place = await room.enter({
    lane: 'async',
    integratorId: 'a',
    grantId: 'a',
    grantConcurrency: Infinity,
    maxWaitMs: 0,
    signal: new AbortController().signal,
  });
  const caller = new AbortController();
  const ours = gather(
    driver,
    aCommand(
      `BEGIN TRAN; UPDATE dbo.Patient SET Surname = Surname WHERE InternalId = 1; WAITFOR DELAY '00:01:00'`,
      { tier: 'write', executionMode: 'nonQuery' },
    ),
    {},
    caller.signal,
  );
  const update = 'UPDATE dbo.Patient SET Surname = Surname WHERE InternalId = 1';
  let isThrough = false;
  const theirs = (async () => {
    // Ours has to hold the row first.
    while ((await openTransactions()) === 0)
      await new Promise((resolve) => setTimeout(resolve, 20));
    await reception.query(update);
    isThrough = true;
  })();
  while ((await driver.blockedByOurs()) !== 1)
    await new Promise((resolve) => setTimeout(resolve, 20));
  await brake.lookAtAll();
  await brake.lookAtAll();
  expect(brake.of(siteId())).toBe('asyncPaused');
  await brake.lookAtAll();
  await brake.lookAtAll();
  expect(brake.of(siteId())).toBe('backgroundPaused');
  expect(isThrough).toBe(false);
  caller.abort(new Error('cancelled'));
  await ours;
  await theirs;
  place();
  for (let n = 0; n < 6; n += 1) await brake.lookAtAll();
  expect(brake.of(siteId())).toBe('normal');
}, 60_000);

async function openTransactions(): Promise<number> {
  const { recordset } = await reception.query<{ n: number }>(
    `SELECT COUNT(*) AS n FROM sys.dm_exec_sessions
     WHERE program_name = 'conduit-agent' AND open_transaction_count > 0`,
  );
  return recordset[0]?.n ?? 0;
}
