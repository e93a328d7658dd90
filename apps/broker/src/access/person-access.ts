/**
 * Whether somebody with these roles may do what a route declares, at the tenant that its path names.
 * Whoever holds nothing there learns nothing: a foreign tenant is answered as one that is not.
 */
import type { PersonPolicy } from '#apps/broker/src/access/policy.decorator.js';
import type { HeldRole } from '#apps/broker/src/access/signed-in-person.js';
import { operatorRoles, type PersonRole } from '#libs/console-api/session.js';
import { exhaustive } from '#libs/kernel/exhaustive.js';

export type AccessVerdict = 'allowed' | 'role-forbidden' | 'tenant-unknown';

/** The path parameter that names the tenant. */
export const tenantParameters = { practice: 'practiceId', integrator: 'integratorId' } as const;

export interface AskedAct {
  policy: PersonPolicy;
  roles: readonly PersonRole[];
  params: Readonly<Record<string, string | undefined>>;
}

export function decideAccess(asked: AskedAct, held: readonly HeldRole[]): AccessVerdict {
  const { policy, roles } = asked;
  const isNamed = ({ role }: HeldRole) => roles.includes(role);
  switch (policy) {
    case 'session':
      return 'allowed';
    case 'operator': {
      const own = held.filter(({ role }) => (operatorRoles as readonly string[]).includes(role));
      return own.some(isNamed) ? 'allowed' : 'role-forbidden';
    }
    case 'practice':
    case 'integrator': {
      const parameter = tenantParameters[policy];
      const tenant = asked.params[parameter];
      // Without a tenant nothing matches: a role that has none must not match a path that has none.
      const there = held.filter((one) => tenant !== undefined && one[parameter] === tenant);
      if (there.length === 0) return 'tenant-unknown';
      return there.some(isNamed) ? 'allowed' : 'role-forbidden';
    }
    default:
      return exhaustive(policy);
  }
}
