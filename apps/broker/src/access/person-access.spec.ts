import { describe, expect, test } from '@jest/globals';
import { decideAccess } from '#apps/broker/src/access/person-access.js';
import type { HeldRole } from '#apps/broker/src/access/signed-in-person.js';

const owner: HeldRole = { role: 'practice-owner', practiceId: 'p1' };
const admin: HeldRole = { role: 'integrator-admin', integratorId: 'i1' };
const support: HeldRole = { role: 'operator-support' };

const atPractice = (practiceId: string | undefined, ...held: HeldRole[]) =>
  decideAccess({ policy: 'practice', roles: ['practice-owner'], params: { practiceId } }, held);

describe('access to a practice', () => {
  test('is for a role that the route names, at that practice', () => {
    expect(atPractice('p1', owner)).toBe('allowed');
    expect(atPractice('p1', { role: 'practice-manager', practiceId: 'p1' })).toBe('role-forbidden');
  });

  test('at another practice there is nothing, whatever is held elsewhere', () => {
    expect(atPractice('p2', owner, admin, support)).toBe('tenant-unknown');
    expect(atPractice('no such practice', owner)).toBe('tenant-unknown');
  });

  test('does not follow from a role there and the right role elsewhere', () => {
    const manager: HeldRole = { role: 'practice-manager', practiceId: 'p2' };
    expect(atPractice('p2', owner, manager)).toBe('role-forbidden');
  });

  test('is nobody’s where the path names none', () => {
    expect(atPractice(undefined, owner, support)).toBe('tenant-unknown');
  });
});

test('an integrator is a tenant like a practice', () => {
  const ask = (integratorId: string) =>
    decideAccess({ policy: 'integrator', roles: ['integrator-admin'], params: { integratorId } }, [
      admin,
    ]);
  expect([ask('i1'), ask('i2')]).toEqual(['allowed', 'tenant-unknown']);
});

test('a role of the operator implies no other', () => {
  const ask = (...held: HeldRole[]) =>
    decideAccess({ policy: 'operator', roles: ['operator-security'], params: {} }, held);
  expect(ask(support)).toBe('role-forbidden');
  expect(ask(owner, admin)).toBe('role-forbidden');
  expect(ask({ role: 'operator-security' })).toBe('allowed');
});
