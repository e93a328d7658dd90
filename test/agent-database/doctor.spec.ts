/** What the doctor concludes from what a server refuses and allows. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sendResultSet, type Script } from '#apps/sandbox/src/tds/scripted-engine.fixture.js';
import { startTds, type Harness } from '#apps/sandbox/src/tds/tds-harness.fixture.js';
import { runDoctor, type Finding } from '#apps/agent/src/pms/doctor.js';
import { aSite } from '#apps/agent/src/pms/site-settings.fixture.js';

let tds: Harness;
/** Error number for every try; 0 allows it. */
let answerTo: (statement: string) => number;

const names: Script = ({ sink }) => {
  const name = { name: 'nvarchar', length: 128 } as const;
  return sendResultSet(sink, { s: name, t: name, c: name }, [['dbo', 'SystemUser', 'PASSWORD']]);
};

beforeAll(async () => {
  tds = await startTds();
  tds.engine.scripts.get = (statement: string): Script | undefined => {
    if (statement.includes('information_schema')) return names;
    if (/^(set|begin|if)\b/.test(statement)) return undefined;
    const number = answerTo(statement);
    if (number === 0) return undefined;
    return ({ sink }) => sink.message({ number, class: 14, state: 1, line: 1, message: 'no' });
  };
});

afterAll(() => tds.server.close());

const examine = (): Promise<Finding[]> => runDoctor({ sites: [aSite(tds.port)] });

describe('the doctor', () => {
  test('is content when everything it tries is refused', async () => {
    answerTo = (statement) => (statement.includes('/ case') ? 8134 : 229);
    const findings = await examine();
    expect(findings.filter(({ ok }) => !ok)).toEqual([]);
    const checks = new Set(findings.map(({ check }) => check));
    for (const check of ['sysadmin', 'dbOwner', 'create', 'shell', 'insert', 'update', 'delete']) {
      expect(checks).toContain(`read.${check}`);
    }
    expect(checks).toContain('write.secret.SystemUser.PASSWORD');
    expect(checks).not.toContain('write.insert');
  });

  test('names every right that a login has and should not, with a remedy', async () => {
    answerTo = () => 0;
    const findings = await examine();
    const bad = findings.filter(({ ok }) => !ok);
    expect(bad.map(({ check }) => check)).toEqual(
      expect.arrayContaining(['read.sysadmin', 'read.update', 'read.secret.SystemUser.PASSWORD']),
    );
    expect(bad.every(({ severity, remedy }) => severity === 'critical' && remedy)).toBe(true);
    expect(bad[0]?.words).toMatch(/^The read login CAN /);
  });

  test('does not call a try refused that failed for another reason', async () => {
    answerTo = (statement) => (statement.startsWith('update') ? 102 : 229);
    const update = (await examine()).find(({ check }) => check === 'read.update');
    expect(update).toMatchObject({ ok: false, severity: 'warning' });
  });

  test('undoes every try', async () => {
    answerTo = () => 0;
    tds.engine.journal.length = 0;
    await examine();
    const asked = tds.engine.journal.filter((line) => /^run (BEGIN|IF @@TRANCOUNT)/.test(line));
    expect(asked.length).toBeGreaterThan(10);
    asked.forEach((line, at) =>
      expect(line.startsWith(at % 2 === 0 ? 'run BEGIN' : 'run IF')).toBe(true),
    );
  });
});
