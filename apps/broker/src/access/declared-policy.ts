/** What a route declared about who may call it. */
import { POLICY, POLICY_ROLES, type PolicyName } from '#apps/broker/src/access/policy.decorator.js';
import type { PersonRole } from '#libs/console-api/session.js';

export interface DeclaredPolicy {
  name: PolicyName;
  /** One of them is enough; empty where the policy asks for none. */
  roles: readonly PersonRole[];
}

/** The method's own policy, else its controller's: name and roles always from the same place. */
export function declaredPolicy(handler: object, controller: object): DeclaredPolicy | undefined {
  for (const target of [handler, controller]) {
    const name = Reflect.getMetadata(POLICY, target) as PolicyName | undefined;
    if (name === undefined) continue;
    const roles = (Reflect.getMetadata(POLICY_ROLES, target) ?? []) as readonly PersonRole[];
    return { name, roles };
  }
  return undefined;
}
