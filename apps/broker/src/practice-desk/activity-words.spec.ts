import { expect, test } from '@jest/globals';
import {
  activityKindOf,
  activityWords,
  kindActions,
} from '#apps/broker/src/practice-desk/activity-words.js';
import { auditActions, type AuditRecord } from '#libs/audit/audit-record.js';

const ts = '2026-03-04T05:06:07.000Z';
const shown = Object.values(kindActions).flat();

test('an act belongs to one part of the page', () => {
  expect(new Set(shown).size).toBe(shown.length);
});

test.each(shown)('%s has a sentence of its own', (type) => {
  const words = activityWords({ ts, type }, {});
  expect(words).toMatch(/^[A-Z].*[.]$/);
  expect(words).not.toBe('Something was done.');
});

test('what is not shown is about sessions, keys and places beyond the practice', () => {
  const hidden = auditActions.filter((type) => activityKindOf(type) === undefined);
  for (const type of hidden) {
    expect(type).toMatch(
      /^(session|sign-in|step-up|passkey|identity|key|integrator|statement|webhook|webhook-secret|token|alert-rule|agent-log|audit-log)\./,
    );
  }
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
});
