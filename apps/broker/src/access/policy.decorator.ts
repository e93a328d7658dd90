/**
 * Who may call a route. Every route declares it; one that does not stops the broker from booting.
 */
import { SetMetadata } from '@nestjs/common';

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
} as const;
export type PolicyName = keyof typeof policies;

export const POLICY = 'conduit:policy';

export const Policy = (name: PolicyName): MethodDecorator & ClassDecorator =>
  SetMetadata(POLICY, name);
