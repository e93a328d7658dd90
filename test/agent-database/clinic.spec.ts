/** The agent's driver and doctor against the sandbox clinic: TDS server, engine, logins and all. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startClinic, type RunningClinic } from '#apps/sandbox/src/clinic/start-clinic.js';
import { journalPlace } from '#apps/sandbox/src/clinic/write-journal.sql.js';
import { JournalSettings, type SiteSettings } from '#apps/agent/src/agent.config.js';
import { runDoctor } from '#apps/agent/src/pms/doctor.js';
import { MssqlPmsDriver } from '#apps/agent/src/pms/pms-driver.mssql.js';
import { aCommand, gather } from '#apps/agent/src/pms/rows/result.fixture.js';
import { aLogin, aSite } from '#apps/agent/src/pms/site-settings.fixture.js';

let folder: string;
let clinic: RunningClinic;
let driver: MssqlPmsDriver;

function siteOf(login: 'read' | 'admin', write: 'write' | 'admin' = 'write'): SiteSettings {
  const { logins, port } = clinic;
  const site = aSite(port, {
    encrypt: true,
    logins: {
      read: aLogin(logins[login].user, logins[login].password),
      write: aLogin(logins[write].user, logins[write].password),
    },
  });
  return Object.assign(site, { journal: Object.assign(new JournalSettings(), journalPlace) });
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'conduit-clinic-'));
  clinic = await startClinic({ stateDirectory: join(folder, 'clinic'), scale: 40 });
  driver = new MssqlPmsDriver(siteOf('read'));
}, 120_000);

afterAll(async () => {
  await driver?.close();
  await clinic?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the driver at the clinic', () => {
  test('reads patients with a typed parameter', async () => {
    const answer = await gather(
      driver,
      aCommand('SELECT TOP 3 * FROM dbo.Patient WHERE InternalId >= @from ORDER BY InternalId', {
        parameters: [{ name: '@from', type: 'Int', value: '1' }],
      }),
    );
    expect(answer.error).toBeUndefined();
    expect(answer.outcome?.failure).toBeUndefined();
    expect(JSON.parse(answer.text)).toHaveLength(3);
  });

  test('finds that it is the sandbox, by the server’s own word', async () => {
    expect(await driver.isSandbox()).toBe(true);
  });

  test.each([
    ['VarChar', 'ab', 9_000, 'ab'.repeat(9_000)],
    ['NVarChar', 'ab', 9_000, 'ab'.repeat(9_000)],
    ['String', 'ab', 5, 'ababababab'],
    ['VarBinary', 'YWJj', 2, 'YWJjYWJj'],
  ] as const)('gets back a %s that is longer than what was sent', async (type, value, n, back) => {
    const longer = type === 'VarBinary' ? '@a + @a' : `REPLICATE(CAST(@a AS nvarchar(max)), ${n})`;
    const answer = await gather(
      driver,
      aCommand(`SET @b = ${longer}; SET @a = @b`, {
        parameters: [
          { name: '@a', type, direction: 'inputOutput', value },
          { name: '@b', type, direction: 'output' },
        ],
      }),
    );
    expect(answer.error).toBeUndefined();
    expect(answer.outcome?.failure).toBeUndefined();
    expect(answer.outcome?.parameters?.map(({ value: text }) => text)).toEqual([back, back]);
  });

  test('reads every table whole, and the rows it counts are the rows there are', async () => {
    const tables = JSON.parse(
      (
        await gather(
          driver,
          aCommand(
            "SELECT TABLE_NAME AS t FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_TYPE = 'BASE TABLE'",
          ),
        )
      ).text,
    ) as { t: string }[];
    expect(tables.length).toBeGreaterThan(5);
    let compared = 0;
    for (const { t } of tables) {
      const count = await gather(driver, aCommand(`SELECT COUNT(*) AS n FROM dbo.[${t}]`));
      const rows = await gather(driver, aCommand(`SELECT * FROM dbo.[${t}]`), { form: 'ndjson' });
      // Tables with secrets are refused, whole or by column.
      if (count.outcome?.failure !== undefined || rows.outcome?.failure !== undefined) continue;
      const [{ n }] = JSON.parse(count.text) as [{ n: number }];
      expect([t, rows.sink.rows]).toEqual([t, n]);
      rows.text
        .trimEnd()
        .split('\n')
        .forEach((line) => JSON.parse(line));
      compared += 1;
    }
    expect(compared).toBeGreaterThan(5);
  });

  test('cannot write with the read login, whatever the statement is', async () => {
    const answer = await gather(driver, aCommand('DELETE FROM dbo.Patient'));
    expect(answer.outcome?.failure?.number).toBe(229);
  });
});

describe('the doctor', () => {
  test('finds nothing wrong with the logins of the product documentation', async () => {
    const findings = await runDoctor({ sites: [siteOf('read')] });
    const wrong = findings.filter(({ ok, severity }) => !ok && severity === 'critical');
    expect(wrong).toEqual([]);
    const checks = findings.map(({ check }) => check);
    for (const check of [
      'read.insert',
      'read.update',
      'read.delete',
      'read.create',
      'read.shell',
      'read.journal.select',
      'write.journal.insert',
      'write.journal.update',
    ]) {
      expect(checks).toContain(check);
    }
    expect(findings.filter(({ ok }) => !ok)).toEqual([]);
  });

  test('finds out a login that can do everything, and changes nothing while it does', async () => {
    const before = await gather(driver, aCommand('SELECT COUNT(*) AS n FROM dbo.Patient'));
    const findings = await runDoctor({ sites: [siteOf('admin')] });
    const bad = findings.filter(({ ok }) => !ok).map(({ check }) => check);
    for (const check of ['read.insert', 'read.update', 'read.delete']) expect(bad).toContain(check);
    const after = await gather(driver, aCommand('SELECT COUNT(*) AS n FROM dbo.Patient'));
    expect(after.text).toBe(before.text);
    expect(findings.every(({ ok, remedy }) => ok || remedy !== undefined)).toBe(true);
  });

  test('finds out a journal that is not there, and one that the read login can see', async () => {
    const site = siteOf('read');
    site.journal = Object.assign(new JournalSettings(), { ...journalPlace, table: 'Nowhere' });
    const bad = (await runDoctor({ sites: [site] })).filter(({ ok }) => !ok);
    expect(bad.map(({ check }) => check)).toEqual(
      ['select', 'insert', 'update', 'delete'].map((right) => `write.journal.${right}`),
    );
    expect(bad[0]).toMatchObject({
      severity: 'critical',
      words: expect.stringContaining('CANNOT'),
    });
    const open = (await runDoctor({ sites: [siteOf('admin')] })).filter(({ ok }) => !ok);
    expect(open.map(({ check }) => check)).toContain('read.journal.select');
  });

  test('says that there is no journal, which is nothing wrong', async () => {
    const site = siteOf('read');
    delete site.journal;
    const findings = await runDoctor({ sites: [site] });
    expect(findings.find(({ check }) => check === 'journal.place')).toMatchObject({ ok: true });
  });

  test('tells a refused login from a silent server', async () => {
    const site = siteOf('read');
    site.logins.read = aLogin('nobody', 'wrong');
    delete site.logins.write;
    expect((await runDoctor({ sites: [site] })).map(({ words }) => words)).toContain(
      'The database refused the read login.',
    );
    site.port = 1;
    expect((await runDoctor({ sites: [site] })).map(({ words }) => words)).toContain(
      'The database server does not answer.',
    );
  });
});
