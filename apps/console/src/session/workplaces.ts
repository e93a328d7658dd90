/**
 * Where a person works: each practice, each integrator and the operator's desk that they hold a role
 * in. One person may have several; the shell shows one at a time.
 */
import type { PersonRole, Session } from '#libs/console-api/session.js';

export interface Workplace {
  kind: 'practice' | 'integrator' | 'operator';
  /** Absent for the operator, who has no tenant. */
  id?: string;
  name: string;
  roles: PersonRole[];
  /** Below the console's address, e.g. `/practices/1b…`. */
  path: string;
}

/** In the order of the session's roles, each place once. */
export function workplacesOf(session: Session): Workplace[] {
  const places = new Map<string, Workplace>();
  for (const held of session.roles) {
    const place = placeOf(held);
    const known = places.get(place.path);
    if (known) known.roles.push(held.role);
    else places.set(place.path, place);
  }
  return [...places.values()];
}

function placeOf(held: Session['roles'][number]): Workplace {
  const { role, practiceId, practiceName, integratorId, integratorName } = held;
  if (practiceId !== undefined) {
    const path = `/practices/${practiceId}`;
    return { kind: 'practice', id: practiceId, name: practiceName ?? '', roles: [role], path };
  }
  if (integratorId !== undefined) {
    const path = `/integrators/${integratorId}`;
    const name = integratorName ?? '';
    return { kind: 'integrator', id: integratorId, name, roles: [role], path };
  }
  return { kind: 'operator', name: 'Conduit operations', roles: [role], path: '/operator' };
}

export const roleNames: Record<PersonRole, string> = {
  'practice-owner': 'Practice owner',
  'practice-manager': 'Practice manager',
  'practice-auditor': 'Auditor',
  'msp-technician': 'IT technician',
  'integrator-admin': 'Administrator',
  'integrator-developer': 'Developer',
  'operator-support': 'Support',
  'operator-security': 'Security officer',
};
