/** Writes and their journal against the sandbox clinic, over real TDS. */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { JournalSettings } from '#apps/agent/src/agent.config.js';
import { MssqlPmsDriver } from '#apps/agent/src/pms/pms-driver.mssql.js';
import type { JournalRow, PmsOutcome } from '#apps/agent/src/pms/pms-driver.port.js';
import { anyShape, aCommand } from '#apps/agent/src/pms/rows/result.fixture.js';
import { ResultWriter } from '#apps/agent/src/pms/rows/result-writer.js';
import { aLogin, aSite } from '#apps/agent/src/pms/site-settings.fixture.js';
import { startClinic, type RunningClinic } from '#apps/sandbox/src/clinic/start-clinic.js';
import { journalPlace } from '#apps/sandbox/src/clinic/write-journal.sql.js';

let folder: string;
let clinic: RunningClinic;
let driver: MssqlPmsDriver;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'conduit-journal-'));
  clinic = await startClinic({ stateDirectory: join(folder, 'clinic'), empty: true });
  await clinic.engine.runScript(
    'Patients',
    `CREATE TABLE dbo.Counted (Id int IDENTITY PRIMARY KEY, Word varchar(40) NOT NULL)
     GO
     CREATE PROCEDURE dbo.RollsBack @word varchar(40) AS
     BEGIN
       INSERT INTO dbo.Counted (Word) VALUES (@word);
       IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
       RETURN 7
     END
     GO
     CREATE PROCEDURE dbo.TriesAgain @word varchar(40) AS
     BEGIN
       IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
       BEGIN TRANSACTION;
       INSERT INTO dbo.Counted (Word) VALUES (@word);
       COMMIT TRANSACTION;
       RETURN 0
     END
     GO`,
  );
  driver = new MssqlPmsDriver(siteOf());
}, 60_000);

afterAll(async () => {
  await driver?.close();
  await clinic?.close();
  rmSync(folder, { recursive: true, force: true });
});

function siteOf() {
  const { logins, port } = clinic;
  const { user, password } = logins.admin;
  return Object.assign(
    aSite(port, {
      encrypt: true,
      limits: { lockTimeoutMs: 300 },
      logins: { read: aLogin(user, password), write: aLogin(user, password) },
    }),
    { journal: Object.assign(new JournalSettings(), journalPlace) },
  );
}

interface Run {
  ended: PmsOutcome | JournalRow | undefined;
  error: { code?: string } | undefined;
}

const aKey = (): Buffer => randomBytes(32);
const theSame = Buffer.alloc(32, 1);

async function once(
  keyHash: Buffer,
  text: string,
  more: { requestHash?: Buffer; signal?: AbortSignal; command?: object; sealed?: Buffer } = {},
): Promise<Run> {
  const command = aCommand(text, { tier: 'write', executionMode: 'nonQuery', ...more.command });
  const sink = new ResultWriter({ ...anyShape, executionMode: command.executionMode }, () => {});
  try {
    const ended = await driver.runOnce(command, sink, more.signal ?? new AbortController().signal, {
      keyHash,
      requestHash: more.requestHash ?? theSame,
      seal: ({ rowsAffected }) => more.sealed ?? Buffer.from(`sealed ${rowsAffected}`),
    });
    return { ended, error: undefined };
  } catch (error) {
    return { ended: undefined, error: error as { code?: string } };
  } finally {
    sink.finish();
  }
}

async function count(word: string): Promise<number> {
  const sink = new ResultWriter({ ...anyShape, executionMode: 'scalar' }, () => {});
  const text = `SELECT COUNT(*) AS n FROM dbo.Counted WHERE Word = '${word}'`;
  const command = aCommand(text, { executionMode: 'scalar' });
  await driver.run(command, sink, new AbortController().signal);
  sink.finish();
  const chunks: Buffer[] = [];
  for await (const chunk of sink.chunks) chunks.push(chunk);
  return (JSON.parse(Buffer.concat(chunks).toString()) as [{ n: number }])[0].n;
}

const insert = (word: string): string => `INSERT INTO dbo.Counted (Word) VALUES ('${word}')`;
const aWord = (): string => `zz-${randomUUID()}`;
const stateOf = async (key: Buffer): Promise<unknown> => {
  const row = await driver.findWrite(key);
  return typeof row === 'object' ? row.state : row;
};

describe('a write', () => {
  test('is applied with its row, and found', async () => {
    const [key, word] = [aKey(), aWord()];
    expect(await driver.findWrite(key)).toBeUndefined();
    const { ended } = await once(key, insert(word));
    expect(ended).toMatchObject({ rowsAffected: 1 });
    expect(await count(word)).toBe(1);
    expect(await driver.findWrite(key)).toMatchObject({
      state: 'applied',
      requestHash: theSame,
      outcome: Buffer.from('sealed 1'),
    });
  });

  test('under a key that was applied is not run again', async () => {
    const [key, word] = [aKey(), aWord()];
    await once(key, insert(word));
    const { ended } = await once(key, insert(word));
    expect(ended).toMatchObject({ state: 'applied', outcome: Buffer.from('sealed 1') });
    const other = await once(key, insert(word), { requestHash: Buffer.alloc(32, 2) });
    expect(other.ended).toMatchObject({ state: 'applied', requestHash: theSame });
    expect(await count(word)).toBe(1);
  });

  test('keeps an outcome of half a megabyte, byte for byte', async () => {
    const [key, sealed] = [aKey(), randomBytes(524_288)];
    await once(key, insert(aWord()), { sealed });
    const row = await driver.findWrite(key);
    expect(typeof row === 'object' && row.outcome?.equals(sealed)).toBe(true);
  });

  test('that the database refuses leaves nothing but its announcement, and can be tried again', async () => {
    const [key, word] = [aKey(), aWord()];
    const half = `${insert(word)}; INSERT INTO dbo.Counted (Word) VALUES (NULL); ${insert(word)}`;
    const { ended } = await once(key, half);
    expect(ended).toMatchObject({ failure: { number: 515 } });
    expect(await count(word)).toBe(0);
    expect(await stateOf(key)).toBe('received');
    await once(key, insert(word));
    expect(await count(word)).toBe(1);
  });

  test('that is stopped in the middle leaves nothing', async () => {
    const [key, word] = [aKey(), aWord()];
    const stop = new AbortController();
    const running = once(key, `${insert(word)}; WAITFOR DELAY '00:01:00'`, { signal: stop.signal });
    while ((await stateOf(key)) !== 'busy') await new Promise(setImmediate);
    stop.abort(new Error('enough'));
    expect((await running).error).toEqual(new Error('enough'));
    expect(await count(word)).toBe(0);
    expect(await stateOf(key)).toBe('received');
  });

  test('is refused while another transaction holds its row', async () => {
    const [key, word] = [aKey(), aWord()];
    const stop = new AbortController();
    const first = once(key, `${insert(word)}; WAITFOR DELAY '00:01:00'`, { signal: stop.signal });
    while ((await stateOf(key)) !== 'busy') await new Promise(setImmediate);
    expect((await once(key, insert(word))).error).toMatchObject({ code: 'WRITE_IN_PROGRESS' });
    stop.abort(new Error('enough'));
    await first;
  });

  test('of a procedure runs once with its return value', async () => {
    const [key, word] = [aKey(), aWord()];
    const { ended } = await once(key, 'dbo.TriesAgain', {
      command: {
        type: 'storedProcedure',
        parameters: [
          { name: '@word', type: 'VarChar', value: word },
          { name: '@r', direction: 'returnValue', type: 'Int' },
        ],
      },
    });
    expect(ended).not.toHaveProperty('failure');
    expect(await count(word)).toBe(1);
    expect(await stateOf(key)).toBe('applied');
  });
});

describe('a statement with transactions of its own', () => {
  test('may begin and commit them inside', async () => {
    const [key, word] = [aKey(), aWord()];
    await once(key, `BEGIN TRANSACTION; ${insert(word)}; COMMIT`);
    expect(await count(word)).toBe(1);
    expect(await stateOf(key)).toBe('applied');
  });

  test('that leaves one open is rolled back and told so', async () => {
    const [key, word] = [aKey(), aWord()];
    const { error } = await once(key, `BEGIN TRANSACTION; ${insert(word)}`);
    expect(error).toMatchObject({ code: 'WRITE_TRANSACTION_UNBALANCED' });
    expect(await count(word)).toBe(0);
    expect(await stateOf(key)).toBe('received');
  });

  test('that commits ours is noted as applied', async () => {
    const [key, word] = [aKey(), aWord()];
    await once(key, `${insert(word)}; COMMIT; ${insert(word)}`);
    expect(await count(word)).toBe(2);
    expect(await stateOf(key)).toBe('applied');
  });

  test('that commits ours and fails then is remembered as one that nobody can vouch for', async () => {
    const [key, word] = [aKey(), aWord()];
    const text = `${insert(word)}; COMMIT; INSERT INTO dbo.Counted (Word) VALUES (NULL)`;
    expect((await once(key, text)).ended).toMatchObject({ failure: { number: 515 } });
    expect(await stateOf(key)).toBe('running');
    expect((await once(key, insert(word))).ended).toMatchObject({ state: 'running' });
    expect(await count(word)).toBe(1);
  });

  test('that rolls ours back is remembered as withdrawn, with its answer', async () => {
    const [key, word] = [aKey(), aWord()];
    const { ended } = await once(key, 'dbo.RollsBack', {
      command: {
        type: 'storedProcedure',
        parameters: [{ name: '@word', type: 'VarChar', value: word }],
      },
    });
    expect(ended).not.toHaveProperty('failure');
    expect(await count(word)).toBe(0);
    expect(await driver.findWrite(key)).toMatchObject({ state: 'withdrawn' });
  });
});

describe('the journal', () => {
  test('that is not there stops a write before it runs', async () => {
    const site = siteOf();
    site.journal = Object.assign(new JournalSettings(), { ...journalPlace, table: 'Nowhere' });
    const lost = new MssqlPmsDriver(site);
    const word = aWord();
    const sink = new ResultWriter(anyShape, () => {});
    const running = lost.runOnce(
      aCommand(insert(word), { tier: 'write' }),
      sink,
      new AbortController().signal,
      { keyHash: aKey(), requestHash: theSame, seal: () => Buffer.alloc(1) },
    );
    await expect(running).rejects.toMatchObject({ code: 'WRITE_JOURNAL_UNAVAILABLE' });
    await expect(lost.findWrite(aKey())).rejects.toMatchObject({
      code: 'WRITE_JOURNAL_UNAVAILABLE',
    });
    await lost.close();
    expect(await count(word)).toBe(0);
  });

  test('loses its old rows a few at a time, and keeps the others', async () => {
    const [old, young] = [aKey(), aKey()];
    await once(old, insert(aWord()));
    await once(young, insert(aWord()));
    await clinic.engine.runScript(
      journalPlace.database,
      `UPDATE dbo.WriteJournal SET ReceivedAt = DATEADD(hour, -73, SYSUTCDATETIME()) WHERE KeyHash = 0x${old.toString('hex')}`,
    );
    expect(await driver.purgeWrites(72)).toBe(false);
    expect(await driver.findWrite(old)).toBeUndefined();
    expect(await stateOf(young)).toBe('applied');
  });
});
