/** The one guard of the broker: carries out the policy that the route declares. */
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { setCaller } from '#apps/broker/src/access/caller.js';
import { KeyDoor } from '#apps/broker/src/access/key-door.js';
import { OperatorDoor } from '#apps/broker/src/access/operator-door.js';
import { POLICY, type PolicyName } from '#apps/broker/src/access/policy.decorator.js';
import { RateLimits } from '#apps/broker/src/access/rate-limits.js';
import { exhaustive } from '#libs/kernel/exhaustive.js';

type Handler = ReturnType<ExecutionContext['getHandler']>;

export const KEY_HEADER = 'ocp-apim-subscription-key';

@Injectable()
export class PolicyGuard implements CanActivate {
  /** Metadata does not change, and reading it costs more than a map. */
  private readonly policyOf = new Map<Handler, PolicyName>();

  constructor(
    private readonly keys: KeyDoor,
    private readonly operator: OperatorDoor,
    private readonly limits: RateLimits,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    // Other transports (the link) have their own identity, proven at the TLS handshake.
    if (context.getType() !== 'http') return true;
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const policy = this.find(context);
    switch (policy) {
      case 'public':
        return true;
      case 'ownProof':
      case 'throttled':
        this.limits.takeStranger(request.ip, http.getResponse<FastifyReply>());
        return true;
      case 'integratorKey':
        this.admitIntegrator(request, http.getResponse<FastifyReply>());
        return true;
      case 'operatorToken':
        this.operator.admit(request);
        return true;
      default:
        return exhaustive(policy);
    }
  }

  private admitIntegrator(request: FastifyRequest, reply: FastifyReply): void {
    const presented = request.headers[KEY_HEADER];
    const text = typeof presented === 'string' ? presented : undefined;
    const caller = this.keys.admit(text, request.ip, request.id);
    this.limits.takeKey(caller.keyId, reply);
    setCaller(request, caller);
  }

  private find(context: ExecutionContext): PolicyName {
    const handler = context.getHandler();
    const known = this.policyOf.get(handler);
    if (known) return known;
    const declared = declaredPolicy(handler, context.getClass());
    // The boot check has made sure; a route added later must not slip through.
    if (!declared) throw new Error('a route without a policy');
    this.policyOf.set(handler, declared);
    return declared;
  }
}

/** The method's own policy, else its controller's. */
export function declaredPolicy(handler: object, controller: object): PolicyName | undefined {
  return (Reflect.getMetadata(POLICY, handler) ?? Reflect.getMetadata(POLICY, controller)) as
    PolicyName | undefined;
}
