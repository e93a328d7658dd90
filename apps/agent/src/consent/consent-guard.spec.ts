import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { ParameterDto } from '#libs/contracts/command.js';
import { FixedClock } from '#libs/kernel/clock.js';
import { ConsentGuard } from '#apps/agent/src/consent/consent-guard.js';
import { WithdrawnConsents } from '#apps/agent/src/consent/withdrawn-consents.js';
import { KeptJournal } from '#apps/agent/src/execution/execution.fixture.js';
import type { PmsCommand } from '#apps/agent/src/pms/pms-driver.port.js';
import {
  ScriptedPmsDriver,
  type ScriptedAnswer,
  type ScriptedValue,
} from '#apps/agent/src/pms/pms-driver.scripted.js';
import { aCommand, gather } from '#apps/agent/src/pms/rows/result.fixture.js';
import type { ResultShape } from '#apps/agent/src/pms/rows/result-writer.js';

const siteId = 'site-1';
const integratorId = 'integrator-1';
const text = 'SELECT InternalID, Note FROM Visits WHERE InternalID = @patient';
const command = `statement:${createHash('sha256').update(text).digest('hex')}`;
const file = () => join(stateFolder, 'consent.json');

let stateFolder: string;
let journal: KeptJournal;
let consents: WithdrawnConsents;
let answer: ScriptedAnswer;
let ran: number;

async function restart(): Promise<void> {
  journal = new KeptJournal();
  consents = await WithdrawnConsents.open({ stateFolder, journal, clock: new FixedClock(0) });
}

beforeEach(async () => {
  stateFolder = mkdtempSync(join(tmpdir(), 'consent-'));
  await restart();
  ran = 0;
  answer = rows([7, 'seven'], [8, 'eight'], [9, 'nine']);
});
afterEach(() => rmSync(stateFolder, { recursive: true, force: true }));

function rows(...values: ScriptedValue[][]): ScriptedAnswer {
  const columns = ['InternalID', 'Note'].map((name) => ({ name, type: 'int', nullable: true }));
  return { sets: [{ columns, rows: values }] };
}

async function ask(
  parameters: ParameterDto[] = [],
  shape: Partial<ResultShape> = {},
  changes: Partial<PmsCommand> = {},
  asker = { siteId, integratorId },
) {
  const driver = new ScriptedPmsDriver(() => {
    ran += 1;
    return answer;
  });
  const runner = new ConsentGuard(consents).over(driver, asker);
  const {
    text: body,
    error,
    sink,
    outcome,
  } = await gather(runner as ScriptedPmsDriver, aCommand(text, { parameters, ...changes }), shape);
  const code = (error as { code?: string } | undefined)?.code;
  return { body, code, consent: sink.consent, fault: sink.fault, rows: sink.rows, outcome };
}

const patient = (value: string | null): ParameterDto[] => [{ name: '@Patient', value }];
const declare = (parameters: string[], columns: string[]) =>
  consents.declare({ command, parameters, columns });
const withdraw = (id: string) => consents.withdraw({ siteId, patient: id });

describe('a statement whose parameter names the patient', () => {
  beforeEach(() => declare(['patient'], []));

  test('runs as ever while nobody has withdrawn, and says nothing', async () => {
    expect(await ask(patient('7'))).toMatchObject({ rows: 3, consent: undefined });
  });

  test.each(['7', ' 007', '7.0'])('is refused for one who withdrew: %j', async (value) => {
    await withdraw('7');
    expect(await ask(patient(value))).toMatchObject({ code: 'CONSENT_WITHDRAWN', body: '' });
    expect(ran).toBe(0);
  });

  test('runs for others, and for others’ software', async () => {
    await consents.withdraw({ siteId, patient: '7', integratorId });
    expect(await ask(patient('8'))).toMatchObject({ rows: 3, consent: 'filtered' });
    const other = { siteId, integratorId: 'integrator-2' };
    expect(await ask(patient('7'), {}, {}, other)).toMatchObject({ rows: 3, consent: undefined });
    const elsewhere = { siteId: 'site-2', integratorId };
    expect(await ask(patient('7'), {}, {}, elsewhere)).toMatchObject({ rows: 3 });
  });

  test.each([
    [patient('+7')],
    [patient(null)],
    [[]],
    [[{ name: 'patient', type: 'VarBinary' as const, value: 'Bw==' }]],
    // The database is not sent these values.
    [[{ name: 'patient', direction: 'output' as const, value: '8' }]],
    [[{ name: 'patient', direction: 'returnValue' as const, value: '8' }]],
  ])('is refused when nobody can tell whom it is about: %j', async (parameters) => {
    await withdraw('7');
    expect(await ask(parameters)).toMatchObject({ code: 'CONSENT_NOT_CHECKABLE' });
    expect(ran).toBe(0);
  });

  test('is found again under a procedure’s name, however it is spelt', async () => {
    await consents.declare({ command: 'procedure:dbo.syn', parameters: ['patient'], columns: [] });
    await withdraw('7');
    const procedure = { type: 'storedProcedure' as const, text: '[DBO].Syn' };
    expect(await ask(patient('7'), {}, procedure)).toMatchObject({ code: 'CONSENT_WITHDRAWN' });
  });

  test('answers values beside its rows: they are about that patient', async () => {
    await withdraw('7');
    answer.parameters = [{ name: 'Note', direction: 'output', value: 'eight' }];
    const got = await ask([...patient('8'), { name: 'Note', direction: 'output' }]);
    expect(got).toMatchObject({ consent: 'filtered', outcome: { parameters: answer.parameters } });
    answer = { rowsAffected: 1, failure: { number: 245, message: 'eight is no number' } };
    const failed = await ask(patient('8'), {}, { executionMode: 'nonQuery' });
    expect(failed.outcome).toMatchObject({ failure: { message: 'eight is no number' } });
  });

  test('that has failed tells nothing of a patient who withdrew while it ran', async () => {
    const failure = { number: 51_234, message: 'seven is no number' };
    const parameters = [{ name: 'Note', direction: 'output' as const, value: 'seven' }];
    // As a write: it is not cut off.
    const driver = new ScriptedPmsDriver(() => ({ failure, parameters }));
    const whole = driver.run.bind(driver);
    driver.run = async (command, sink) => {
      await withdraw('7');
      return whole(command, sink, new AbortController().signal);
    };
    const runner = new ConsentGuard(consents).over(driver, { siteId, integratorId });
    const asked = aCommand(text, { parameters: patient('7'), tier: 'write' });
    const { outcome } = await gather(runner as ScriptedPmsDriver, asked);
    expect(outcome).toMatchObject({ failure: { number: 50_000 } });
    expect(JSON.stringify(outcome)).not.toContain('seven');
  });

  test('ends when the consent is withdrawn while it runs', async () => {
    answer.after = async () => void (await withdraw('7'));
    expect(await ask(patient('7'))).toMatchObject({ fault: 'CONSENT_RESULT_WITHHELD', rows: 0 });
  });
});

describe('a statement whose column names its patients', () => {
  beforeEach(() => declare([], ['internalid']));

  test.each([
    ['objects', '[{"InternalID":7,"Note":"seven"},{"InternalID":9,"Note":"nine"}]'],
    ['ndjson', '{"InternalID":7,"Note":"seven"}\n{"InternalID":9,"Note":"nine"}\n'],
    ['pages', '[{"InternalID":7,"Note":"seven"},{"InternalID":9,"Note":"nine"}]'],
  ] as const)('leaves the rows of those who withdrew out: %s', async (form, body) => {
    await withdraw('8');
    const got = await ask([], { form });
    expect(got.body.startsWith(body)).toBe(true);
    expect(got).toMatchObject({ rows: 2, consent: 'filtered' });
    expect(got.body).not.toContain('eight');
  });

  test('also first, last and all of them', async () => {
    await withdraw('7');
    await withdraw('9');
    expect((await ask()).body).toBe('[{"InternalID":8,"Note":"eight"}]');
    await withdraw('8');
    expect((await ask()).body).toBe('[]');
  });

  test('not a byte of a row that is larger than a buffer', async () => {
    await withdraw('8');
    const large = (id: number): ScriptedValue[] => [id, `${id}`.repeat(300_000)];
    answer = rows(large(7), large(8), large(7), large(8));
    const { body } = await ask([], { form: 'ndjson' });
    expect(body).not.toContain('888');
    expect(
      body
        .split('\n')
        .slice(0, 2)
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([7, 7].map((id) => ({ InternalID: id, Note: `${id}`.repeat(300_000) })));
  });

  test('from the next row on, when it is withdrawn while rows stream', async () => {
    await withdraw('1');
    answer = rows();
    answer.sets![0]!.rows = (async function* (): AsyncGenerator<ScriptedValue[]> {
      yield [8, 'before'];
      await withdraw('8');
      yield [8, 'after'];
      yield [9, 'nine'];
    })();
    const { body } = await ask();
    expect(body).toContain('before');
    expect(body).not.toContain('after');
    expect(body).toContain('nine');
  });

  test('withholds a result whose columns do not name its patients', async () => {
    await withdraw('8');
    answer.sets![0]!.columns[0]!.name = 'Other';
    expect(await ask()).toMatchObject({ fault: 'CONSENT_RESULT_WITHHELD', rows: 0 });
    const second = await ask([], { executionMode: 'scalar' });
    expect(second).toMatchObject({ fault: 'CONSENT_RESULT_WITHHELD', rows: 0 });
  });

  test.each([
    [{ parameters: [{ name: 'Note', direction: 'output' as const }] }],
    [{ parameters: [{ name: 'Note', direction: 'inputOutput' as const, value: 'x' }] }],
    [{ parameters: [{ name: 'status', direction: 'returnValue' as const }] }],
    [{ executionMode: 'nonQuery' as const }],
  ])(
    'is refused where something leaves beside its rows: %j',
    async (changes: Partial<PmsCommand>) => {
      answer.parameters = [{ name: 'Note', direction: 'output', value: 'seven' }];
      expect(await ask([], {}, changes)).toMatchObject({ code: undefined });
      await withdraw('7');
      expect(await ask([], {}, changes)).toMatchObject({ code: 'CONSENT_NOT_CHECKABLE' });
      expect(ran).toBe(1);
      await declare(['patient'], ['internalid']);
      const parameters = [...patient(null), ...(changes.parameters ?? [])];
      const open = await ask([], {}, { ...changes, parameters });
      expect(open).toMatchObject({ code: 'CONSENT_NOT_CHECKABLE' });
    },
  );

  test('and whose first of all withdraws meanwhile hands no value beside its rows out', async () => {
    answer.parameters = [{ name: 'Note', direction: 'output', value: 'seven' }];
    answer.after = async () => void (await withdraw('7'));
    const parameters = [{ name: 'Note', direction: 'output' as const }];
    const got = await ask(parameters, {}, { executionMode: 'nonQuery' });
    expect(got).toMatchObject({ fault: 'CONSENT_RESULT_WITHHELD', outcome: undefined });
  });

  test('tells that it failed without the words, which may quote any row', async () => {
    const failure = { number: 245, message: 'seven is no number' };
    answer = { failure };
    expect((await ask()).outcome).toMatchObject({ failure });
    await withdraw('7');
    const { outcome } = await ask();
    expect(outcome).toMatchObject({ failure: { number: 245 } });
    expect(outcome?.failure?.message).toMatch(/^The database’s words are withheld/);
  });

  test('ends when the first of all withdraws while its rows leave unwatched', async () => {
    answer.after = async () => void (await withdraw('7'));
    expect(await ask()).toMatchObject({ fault: 'CONSENT_RESULT_WITHHELD', rows: 0 });
  });
});

describe('everything that was not declared', () => {
  test('runs, and the answer says that it is not filtered', async () => {
    await withdraw('8');
    expect(await ask()).toMatchObject({ rows: 3, consent: 'notFiltered' });
    const { outcome } = await ask([], {}, { executionMode: 'nonQuery' });
    expect(outcome).toMatchObject({ rowsAffected: -1 });
  });

  test('is refused where the practice wants that, once anybody has withdrawn', async () => {
    await consents.ruleUndeclared('refuse');
    expect(await ask()).toMatchObject({ rows: 3 });
    await withdraw('8');
    expect(await ask()).toMatchObject({ code: 'CONSENT_NOT_CHECKABLE' });
    await declare([], []);
    expect(await ask()).toMatchObject({ rows: 3, consent: 'filtered' });
  });
});

describe('the list', () => {
  test('outlives the process', async () => {
    await declare(['patient'], []);
    await withdraw('7');
    await restart();
    expect(await ask(patient('7'))).toMatchObject({ code: 'CONSENT_WITHDRAWN' });
    await consents.restore({ siteId, patient: '7' });
    await restart();
    expect(await ask(patient('7'))).toMatchObject({ rows: 3, consent: undefined });
  });

  test('stops everything when it is damaged, until somebody starts over', async () => {
    await withdraw('7');
    const whole = readFileSync(file(), 'utf8');
    for (const damage of [whole.slice(0, -3), '', whole.replace('"7"', '"07"'), '[]']) {
      writeFileSync(file(), damage);
      await restart();
      expect(await ask(patient('8'))).toMatchObject({ code: 'CONSENT_LIST_DAMAGED' });
      await expect(withdraw('8')).rejects.toMatchObject({ code: 'CONSENT_LIST_DAMAGED' });
    }
    await consents.startOver();
    expect(await ask(patient('7'))).toMatchObject({ rows: 3 });
    await expect(consents.startOver()).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });

  test('that was changed while no agent ran is in the journal of the next one, without the patient', async () => {
    const offline = await WithdrawnConsents.open({ stateFolder, clock: new FixedClock(0) });
    await offline.withdraw({ siteId, patient: '4711', integratorId });
    await restart();
    const act = { type: 'consent.withdrawn', site: siteId, integrator: integratorId };
    expect(journal.records).toEqual([{ ...act, actorRef: 'local' }]);
    await restart();
    expect(journal.records).toEqual([]);
  });

  test('counts a withdrawal that the disk refused, and gives nothing back that is not written down', async () => {
    await withdraw('7');
    rmSync(stateFolder, { recursive: true });
    await expect(withdraw('8')).rejects.toThrow();
    expect(consents.isWithdrawn(siteId, integratorId, '8')).toBe(true);
    await expect(consents.restore({ siteId, patient: '7' })).rejects.toThrow();
    expect(consents.isWithdrawn(siteId, integratorId, '7')).toBe(true);
  });
});
