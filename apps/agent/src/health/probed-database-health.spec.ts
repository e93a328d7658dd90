import { describe, expect, test } from '@jest/globals';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { nobodyWithdrew } from '#apps/agent/src/consent/consent.fixture.js';
import { PmsSites } from '#apps/agent/src/execution/pms-sites.js';
import { ProbedDatabaseHealth } from '#apps/agent/src/health/probed-database-health.js';
import { ScriptedPmsDriver } from '#apps/agent/src/pms/pms-driver.scripted.js';
import { noDisk } from '#apps/agent/src/spool/spool.fixture.js';
import { aKeeping } from '#apps/agent/src/writes/write-keeping.fixture.js';
import { aSite } from '#apps/agent/src/pms/site-settings.fixture.js';

describe('the health of a database', () => {
  test('is unknown until probed, then follows what the probes find, and tells of each change once', async () => {
    const settings = aSite(1);
    const driver = new ScriptedPmsDriver(() => ({}));
    const health = new ProbedDatabaseHealth(
      new PmsSites([settings], () => driver, noDisk(), aKeeping(), nobodyWithdrew()),
    );
    const told: string[] = [];
    health.onChange(({ database }) => told.push(database));
    expect(health.of(settings.siteId).database).toBe('unknown');

    driver.probe = () => Promise.resolve(3);
    await health.probeAll();
    await health.probeAll();
    expect(health.of(settings.siteId)).toMatchObject({ database: 'ok', usualLatencyMs: 3 });

    driver.probe = () => Promise.reject(new ConduitError('DATABASE_LOGIN_REFUSED'));
    await health.probeAll();
    driver.probe = () => Promise.reject(new Error('anything'));
    await health.probeAll();
    expect(told).toEqual(['ok', 'loginRefused', 'unavailable']);
  });

  test('says that it is the sandbox only as long as the server says so', async () => {
    const settings = aSite(1);
    const driver = new ScriptedPmsDriver(() => ({}));
    const health = new ProbedDatabaseHealth(
      new PmsSites([settings], () => driver, noDisk(), aKeeping(), nobodyWithdrew()),
    );
    let tellings = 0;
    health.onChange(() => (tellings += 1));
    const sandbox = async (isSandbox: boolean) => {
      driver.isSandbox = () => Promise.resolve(isSandbox);
      await health.probeAll();
      return health.of(settings.siteId).sandbox;
    };
    driver.probe = () => Promise.resolve(3);
    expect([await sandbox(false), await sandbox(true), await sandbox(true)]).toEqual([
      undefined,
      true,
      true,
    ]);
    expect(tellings).toBe(2);
    driver.probe = () => Promise.reject(new ConduitError('DATABASE_UNAVAILABLE'));
    expect(await sandbox(true)).toBeUndefined();
    expect(health.of(settings.siteId)).toMatchObject({ latencyMs: 3 });
  });
});
