import { expect, test } from '@jest/globals';
import type { RolePlace, Session } from '#libs/console-api/session.js';
import { workplacesOf } from './workplaces.js';

const session = (roles: RolePlace[]): Session => ({
  person: { personId: 'p', name: 'Zz Person' },
  roles,
  startedAt: '2026-01-01T00:00:00Z',
  idleUntil: '2026-01-01T00:30:00Z',
  endsAt: '2026-01-01T12:00:00Z',
  signedInWith: 'passkey',
});

test('each place comes once, with every role held there', () => {
  const places = workplacesOf(
    session([
      { role: 'practice-owner', practiceId: 'a', practiceName: 'Zz A' },
      { role: 'integrator-admin', integratorId: 'i', integratorName: 'Zz I' },
      { role: 'practice-manager', practiceId: 'a', practiceName: 'Zz A' },
      { role: 'practice-auditor', practiceId: 'b', practiceName: 'Zz B' },
      { role: 'operator-support' },
    ]),
  );
  expect(places.map(({ path, name, roles }) => [path, name, roles])).toEqual([
    ['/practices/a', 'Zz A', ['practice-owner', 'practice-manager']],
    ['/integrators/i', 'Zz I', ['integrator-admin']],
    ['/practices/b', 'Zz B', ['practice-auditor']],
    ['/operator', 'Conduit operations', ['operator-support']],
  ]);
});

test('somebody without a role works nowhere', () => {
  expect(workplacesOf(session([]))).toEqual([]);
});
