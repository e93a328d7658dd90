/**
 * Who may call a route. Every route declares it; one that does not stops the broker from booting.
 * Routes of the console name the roles that may call them, each: no role implies another.
 */
import { applyDecorators, SetMetadata } from '@nestjs/common';
import type {
  IntegratorRole,
  OperatorRole,
  PersonRole,
  PracticeRole,
} from '#libs/console-api/session.js';

export const policies = {
  /** Anyone: health, reference. */
  public: 'no credential',
  /** An integrator's live API key, within its address ranges and rate. */
  integratorKey: 'Ocp-Apim-Subscription-Key',
  /** The operator on this machine, with the token from the state folder. */
  operatorToken: 'Authorization: Bearer <operator token>',
  /**
   * A room that authenticates with its own proof inside the handler: enrolment codes, signed
   * challenges. So many requests from one address and no more.
   */
  ownProof: 'a proof in the body',
  /** Anyone, at the same rate: answering costs a signature. */
  throttled: 'no credential, at a slow rate',
  /** Somebody at the console who may not be signed in yet: from its own pages, at the same rate. */
  visitor: 'the Origin of the console, at a slow rate',
  /** Anybody who is signed in at the console. */
  session: 'the session cookie',
  /** Holds one of the roles named, at the practice of the path's `:practiceId`. */
  practice: 'the session cookie, and a role at the practice',
  /** The same of `:integratorId`. */
  integrator: 'the session cookie, and a role at the integrator',
  /** Holds one of the operator's roles named. */
  operator: 'the session cookie, and a role of the operator',
} as const;
export type PolicyName = keyof typeof policies;

/** Those that ask for a session. */
export const personPolicies = ['session', 'practice', 'integrator', 'operator'] as const;
export type PersonPolicy = (typeof personPolicies)[number];

export const POLICY = 'conduit:policy';
export const POLICY_ROLES = 'conduit:policy-roles';

type PolicyDecorator = MethodDecorator & ClassDecorator;

export function Policy(
  name: 'practice',
  roles: readonly [PracticeRole, ...PracticeRole[]],
): PolicyDecorator;
export function Policy(
  name: 'integrator',
  roles: readonly [IntegratorRole, ...IntegratorRole[]],
): PolicyDecorator;
export function Policy(
  name: 'operator',
  roles: readonly [OperatorRole, ...OperatorRole[]],
): PolicyDecorator;
export function Policy(
  name: Exclude<PolicyName, 'practice' | 'integrator' | 'operator'>,
): PolicyDecorator;
export function Policy(name: PolicyName, roles: readonly PersonRole[] = []): PolicyDecorator {
  return applyDecorators(
    SetMetadata(POLICY, name),
    SetMetadata(POLICY_ROLES, roles),
  ) as PolicyDecorator;
}
