import { expect, test } from '@jest/globals';
import { actionsOf } from '#apps/broker/src/activity/activity-kinds.js';
import { activityWords } from '#apps/broker/src/activity/activity-words.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';

const ts = '2026-03-04T05:06:07.000Z';
const readers = ['practice', 'integrator', 'operator'] as const;
const shown = new Set(readers.flatMap((reader) => actionsOf(reader, undefined)));

test.each([...shown])('%s has a sentence of its own', (type) => {
  const words = activityWords({ ts, type }, {});
  expect(words).toMatch(/^[A-Z].*[.]$/);
  expect(words).not.toBe('Something was done.');
});

test('names stand in place of ids, counts in place of repetition', () => {
  const record: AuditRecord = {
    ts,
    type: 'query.refused',
    integrator: 'i',
    errorCode: 'GRANT_REVOKED',
  };
  expect(activityWords(record, { integrator: 'Zz Two', site: 'Zz Site' })).toBe(
    'Zz Two was refused at Zz Site: the practice has revoked the permission.',
  );
  expect(activityWords({ ...record, count: 1_200 }, {})).toBe(
    'An integrator was refused: the practice has revoked the permission. (1,200 times)',
  );
  expect(activityWords({ ts, type: 'access.paused' }, {})).toBe('All software was paused.');
  expect(activityWords({ ...record, site: 's' }, { site: 'Zz Site', practice: 'Zz Clinic' })).toBe(
    'An integrator was refused at Zz Site, Zz Clinic: the practice has revoked the permission.',
  );
  const same = { site: 'Zz Clinic', practice: 'Zz Clinic' };
  expect(activityWords({ ...record, site: 's' }, same)).toContain('refused at Zz Clinic: ');
  const shut = { ts, type: 'agent.quarantined' } as const;
  expect(activityWords(shut, {})).toContain('a copy of itself');
  expect(activityWords({ ...shut, reason: 'operator' }, {})).toContain('by Conduit’s staff');
  const looked = (filter?: string) =>
    activityWords({ ts, type: 'activity.read', ...(filter && { filter }) }, {});
  expect(['kind=records', 'record=7', 'reconciliations=all', 'many'].map(looked)).toEqual([
    looked(),
    'A record of this list was opened, with its proof.',
    expect.stringContaining('comparing the records'),
    expect.stringContaining('many of its records'),
  ]);
  expect(activityWords({ ts, type: 'agent.revoked' }, { practice: 'Zz Clinic' })).toBe(
    'Zz Clinic: The practice’s server was shut out for good.',
  );
});
