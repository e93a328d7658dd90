import { describe, expect, test } from '@jest/globals';
import {
  activityKindOf,
  activityKindsOf,
  actionsOf,
} from '#apps/broker/src/activity/activity-kinds.js';
import { auditActions } from '#libs/audit/audit-record.js';

const readers = ['practice', 'integrator', 'operator'] as const;

const hiddenFrom = (reader: (typeof readers)[number]) =>
  auditActions.filter((type) => activityKindOf(reader, type) === undefined);

describe.each(readers)('what a reader is shown: %s', (reader) => {
  test('belongs to one part of the page', () => {
    const shown = actionsOf(reader, undefined);
    expect(new Set(shown).size).toBe(shown.length);
    expect(actionsOf(reader, 'server')).toEqual(activityKindsOf[reader].server ?? []);
  });
});

test('a practice is not told of sessions, keys and places beyond it', () => {
  for (const type of hiddenFrom('practice')) {
    expect(type).toMatch(
      /^(session|sign-in|step-up|passkey|identity|key|integrator|statement|webhook|webhook-secret|token|alert-rule|agent-log|audit-log)\./,
    );
  }
});

test('an integrator is not told what goes on at a practice', () => {
  const hidden = hiddenFrom('integrator');
  expect(hidden).toEqual(
    expect.arrayContaining([
      'grant.proposed',
      'approver.admitted',
      'agent.joined',
      'practice.changed',
    ]),
  );
});

test('the operator is told of nobody’s records, permissions and decisions', () => {
  for (const type of actionsOf('operator', undefined)) {
    expect(type).not.toMatch(/^(query|registered|result|write|grant|access|pairing|statement)/);
  }
});
