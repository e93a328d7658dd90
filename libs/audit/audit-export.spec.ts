import { describe, expect, test } from '@jest/globals';
import { formatAuditExport, type AuditExport } from '#libs/audit/audit-export.js';
import { parseAuditExport } from '#libs/audit/parse-audit-export.js';

const anExport = (): AuditExport => ({
  madeAt: '2026-01-31T01:02:03.004Z',
  scope: { practice: 'practice-1', from: '2026-01-01T00:00:00.000Z' },
  logs: [
    {
      kind: 'agent',
      agent: 'agent-1',
      verifierKey: 'key',
      checkpoint: 'note',
      entries: [{ index: 3, record: '{}', proof: [Buffer.alloc(32, 1)] }],
      earlier: [{ checkpoint: 'older', consistency: [Buffer.alloc(32, 2)] }],
      complete: { from: 3, to: 4 },
    },
  ],
  witnesses: { threshold: 1, keys: ['witness'] },
  seal: 'sealed',
});

const text = formatAuditExport(anExport());
const changed = (from: string, to: string): string => {
  expect(text).toContain(from);
  return text.replace(from, to);
};

describe('an export of audit logs', () => {
  test('is read as it was written, with all its members and with the fewest', () => {
    expect(parseAuditExport(text)).toEqual(anExport());
    const [log] = anExport().logs as [AuditExport['logs'][number]];
    const { kind, agent, verifierKey, checkpoint } = log;
    const least: AuditExport = {
      madeAt: anExport().madeAt,
      scope: {},
      logs: [{ kind, ...(agent !== undefined && { agent }), verifierKey, checkpoint, entries: [] }],
    };
    expect(parseAuditExport(formatAuditExport(least))).toEqual(least);
  });

  test.each([
    ['nothing', '', 'the file'],
    ['its first half', text.slice(0, text.length / 2), 'the file'],
    ['another spelling', text.replaceAll(':[', ': ['), 'the file'],
    ['a line feed too few', text.trimEnd(), 'the file'],
    ['a list', '[]\n', 'the file'],
    ['another format', changed('export/1', 'export/2'), 'format'],
    ['a stranger among its members', changed('{"format"', '{"more":1,"format"'), 'the file'],
    [
      'a member twice',
      changed('"scope"', '"madeAt":"2026-01-31T01:02:03.004Z","scope"'),
      'the file',
    ],
    ['no moment', changed('01:02:03.004Z', '01:02:03Z'), 'madeAt'],
    ['a day that is none', changed('2026-01-01T', '2026-13-01T'), 'scope.from'],
    ['no practice', changed('"practice-1"', '""'), 'scope.practice'],
    ['no log', `${text.slice(0, text.indexOf('"logs"'))}"logs":[]}\n`, 'logs'],
    ['a log of another kind', changed('"kind":"agent"', '"kind":"other"'), 'logs[0].kind'],
    ["an agent of the broker's", changed('"kind":"agent"', '"kind":"broker"'), 'logs[0].agent'],
    ['a broken index', changed('"index":3', '"index":3.5'), 'logs[0].entries[0].index'],
    ['an index below zero', changed('"index":3', '"index":-1'), 'logs[0].entries[0].index'],
    ['a record that is none', changed('"{}"', '{}'), 'logs[0].entries[0].record'],
    ['a short hash', changed('"AQEB', '"AQ'), 'logs[0].entries[0].proof[0]'],
    ['a hash of another spelling', changed('AQE="', 'AQF="'), 'logs[0].entries[0].proof[0]'],
    ['no hash', changed('"AgIC', '7,"AgIC'), 'logs[0].earlier[0].consistency[0]'],
    ['a range that runs back', changed('"from":3,"to":4', '"from":3,"to":2'), 'logs[0].complete'],
    ['more witnesses than keys', changed('"threshold":1', '"threshold":2'), 'witnesses.threshold'],
  ])('with %s is refused at its place', (_, spoilt, place) => {
    expect(parseAuditExport(spoilt)).toMatchObject({ place });
  });

  test('that says too much is refused before it is worked through', () => {
    const proof = JSON.stringify(
      Array.from({ length: 64 }, () => Buffer.alloc(32).toString('base64')),
    );
    const many = changed(`[${JSON.stringify(Buffer.alloc(32, 1).toString('base64'))}]`, proof);
    expect(parseAuditExport(many)).toEqual({
      place: 'logs[0].entries[0].proof',
      problem: 'has more than 63 items',
    });
    const long = changed('"{}"', JSON.stringify('x'.repeat(65_536)));
    expect(parseAuditExport(long)).toMatchObject({ place: 'logs[0].entries[0].record' });
  });
});
