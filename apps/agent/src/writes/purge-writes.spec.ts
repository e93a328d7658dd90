import { expect, test } from '@jest/globals';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { JournalSettings } from '#apps/agent/src/agent.config.js';
import { nobodyWithdrew } from '#apps/agent/src/consent/consent.fixture.js';
import { PmsSites } from '#apps/agent/src/execution/pms-sites.js';
import { EventLog } from '#apps/agent/src/logging/event-log.js';
import { ScriptedPmsDriver } from '#apps/agent/src/pms/pms-driver.scripted.js';
import { aSite } from '#apps/agent/src/pms/site-settings.fixture.js';
import { noDisk } from '#apps/agent/src/spool/spool.fixture.js';
import { PurgeWrites } from '#apps/agent/src/writes/purge-writes.js';
import { aKeeping } from '#apps/agent/src/writes/write-keeping.fixture.js';

class KeptLog extends EventLog {
  readonly lines: unknown[] = [];

  override write(...line: unknown[]): void {
    this.lines.push(line);
  }
}

function purgeWith(answers: (boolean | Error)[]) {
  const asked: number[] = [];
  const driver = new ScriptedPmsDriver(() => ({}));
  driver.purgeWrites = (hours) => {
    asked.push(hours);
    const next = answers.shift() ?? false;
    return typeof next === 'boolean' ? Promise.resolve(next) : Promise.reject(next);
  };
  const site = aSite(1);
  site.journal = Object.assign(new JournalSettings(), { database: 'ConduitJournal', keepDays: 3 });
  const log = new KeptLog();
  const purge = new PurgeWrites(
    new PmsSites([site], () => driver, noDisk(), aKeeping(), nobodyWithdrew()),
    log,
  );
  return { purge, asked, log };
}

test('old rows go a few at a time until there are no more', async () => {
  const { purge, asked, log } = purgeWith([true, false]);
  await purge.execute();
  expect(asked).toEqual([72, 72]);
  expect(log.lines).toEqual([]);
});

test('a journal that cannot be used is named in the log, by its code alone', async () => {
  const { purge, log } = purgeWith([new ConduitError('WRITE_JOURNAL_UNAVAILABLE')]);
  await purge.execute();
  expect(log.lines).toEqual([
    ['write-journal.failed', { siteId: aSite(1).siteId, code: 'WRITE_JOURNAL_UNAVAILABLE' }],
  ]);
});

test('a purge ends with the agent', async () => {
  const { purge, asked } = purgeWith(Array.from({ length: 100 }, () => true));
  const running = purge.execute();
  purge.beforeApplicationShutdown();
  await running;
  expect(asked.length).toBeLessThan(3);
});
