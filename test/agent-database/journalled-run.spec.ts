/** What a journalled write makes of a server that goes away, or answers oddly, at each of its steps. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { JournalSettings } from '#apps/agent/src/agent.config.js';
import { MssqlPmsDriver } from '#apps/agent/src/pms/pms-driver.mssql.js';
import type { JournalRow, PmsOutcome } from '#apps/agent/src/pms/pms-driver.port.js';
import { aCommand, anyShape } from '#apps/agent/src/pms/rows/result.fixture.js';
import { ResultWriter } from '#apps/agent/src/pms/rows/result-writer.js';
import { aSite } from '#apps/agent/src/pms/site-settings.fixture.js';
import {
  resultSet,
  sendResultSet,
  type Script,
} from '#apps/sandbox/src/tds/scripted-engine.fixture.js';
import { startTds, type Harness } from '#apps/sandbox/src/tds/tds-harness.fixture.js';

/** The batches of the journal by what they begin with. */
const steps = {
  claim: /^begin try/,
  keep: /^if @@trancount = [01]/,
  find: /^select state/,
  change: /^change$/,
};
type Step = keyof typeof steps;

const int = { name: 'int' } as const;
const begun: Script = ({ sink, session }) => {
  session.inTransaction = true;
  sink.transactionChanged('begun');
  return sendResultSet(sink, { Claimed: int }, [[1]]);
};
const kept = resultSet({ Kept: int, Open: int }, [[1, 1]]);
const changed: Script = ({ sink }) => sink.statementDone({ rowCount: 1, isSelect: false });
const dies: Script = ({ session }) => tds.engine.kill(session.spid);

const theRow = (state: number): Script =>
  resultSet(
    {
      State: { name: 'tinyint' },
      RequestHash: { name: 'binary', length: 32 },
      ReceivedAt: { name: 'datetime2', scale: 3 },
      EndedAt: { name: 'datetime2', scale: 3 },
      Outcome: { name: 'varbinary', length: 100 },
    },
    [[state, Buffer.alloc(32, 1), '2026-03-04 00:00:00.000', null, null]],
  );

let tds: Harness;
let driver: MssqlPmsDriver;
let scripts: Record<Step, Script>;

beforeEach(async () => {
  tds = await startTds();
  scripts = { claim: begun, keep: kept, find: theRow(2), change: changed };
  tds.engine.scripts.get = (text: string): Script | undefined => {
    const step = (Object.keys(steps) as Step[]).find((name) => steps[name].test(text));
    return step && scripts[step];
  };
  const site = aSite(tds.port, { limits: { lockTimeoutMs: 100 } });
  site.journal = Object.assign(new JournalSettings(), { database: 'ConduitJournal' });
  driver = new MssqlPmsDriver(site);
});

afterEach(async () => {
  await driver.close();
  await tds.server.close();
});

const batches = (): string[] =>
  tds.engine.journal
    .filter((line) => line.startsWith('run ') && !/^run (?:set |\n)/i.test(line))
    .map((line) => line.slice(4, 20).split('\n', 1).join('').toLowerCase());

async function run(): Promise<PmsOutcome | JournalRow> {
  const sink = new ResultWriter({ ...anyShape, executionMode: 'nonQuery' }, () => {});
  return driver.runOnce(
    aCommand('change', { tier: 'write', executionMode: 'nonQuery' }),
    sink,
    new AbortController().signal,
    { keyHash: Buffer.alloc(32), requestHash: Buffer.alloc(32, 1), seal: () => Buffer.alloc(9) },
  );
}

describe('a journalled write', () => {
  test('costs two round trips beside its own', async () => {
    expect(await run()).toMatchObject({ rowsAffected: 1 });
    expect(batches()).toEqual(['begin try', 'change', 'if @@trancount =']);
  });

  test('whose claim is lost was not run', async () => {
    scripts.claim = dies;
    await expect(run()).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    expect(batches()).not.toContain('change');
  });

  test.each([
    [1222, 'WRITE_IN_PROGRESS'],
    [1205, 'WRITE_IN_PROGRESS'],
    [208, 'WRITE_JOURNAL_UNAVAILABLE'],
    [229, 'WRITE_JOURNAL_UNAVAILABLE'],
  ])('whose claim ends with error %i is %s, and was not run', async (number, code) => {
    scripts.claim = ({ sink }) =>
      sink.message({ number, class: 16, state: 1, line: 1, message: 'no' });
    await expect(run()).rejects.toMatchObject({ code });
    expect(batches()).not.toContain('change');
  });

  test.each([
    [2, undefined],
    [0, 'DATABASE_UNAVAILABLE'],
    [1, 'DATABASE_CONNECTION_LOST'],
  ])('whose commit is lost asks the row: state %i means %s', async (state, code) => {
    scripts.keep = dies;
    scripts.find = theRow(state);
    const failure = await run().then(
      () => undefined,
      (error: { code: string }) => error.code,
    );
    expect(failure).toBe(code);
  });

  test('whose commit is lost asks until nobody holds the row any more', async () => {
    let asked = 0;
    scripts.keep = dies;
    scripts.find = (call) => {
      asked += 1;
      if (asked > 2) return theRow(2)(call);
      call.sink.message({ number: 1222, class: 16, state: 1, line: 1, message: 'held' });
      return undefined;
    };
    expect(await run()).toMatchObject({ rowsAffected: 1 });
    expect(asked).toBe(3);
  });

  test('that leaves the session deaf was rolled back with it', async () => {
    scripts.keep = () => undefined;
    scripts.find = theRow(0);
    await expect(run()).rejects.toMatchObject({ code: 'WRITE_TRANSACTION_UNBALANCED' });
  });

  test('whose row was taken away under it is rolled back', async () => {
    scripts.keep = resultSet({ Kept: int, Open: int }, [[0, 1]]);
    await expect(run()).rejects.toMatchObject({ code: 'WRITE_JOURNAL_UNAVAILABLE' });
    expect(batches().at(-1)).toBe('if @@trancount >');
  });

  test('that rolled back itself is not blamed for the count of its transactions', async () => {
    scripts.change = ({ sink, session }) => {
      session.inTransaction = false;
      sink.transactionChanged('rolledBack');
      sink.message({ number: 266, class: 16, state: 2, line: 0, message: 'count' });
      return sink.statementDone({ rowCount: 1, isSelect: false });
    };
    expect(await run()).not.toHaveProperty('failure');
    scripts.change = ({ sink, session }) => {
      session.inTransaction = false;
      sink.transactionChanged('rolledBack');
      sink.message({ number: 266, class: 16, state: 2, line: 0, message: 'count' });
      sink.message({ number: 50_001, class: 16, state: 1, line: 1, message: 'ZzReason' });
      return sink.statementDone({ rowCount: 1, isSelect: false });
    };
    expect(await run()).toMatchObject({ failure: { number: 50_001 } });
  });
});
