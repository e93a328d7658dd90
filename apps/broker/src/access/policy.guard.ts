/** The one guard of the broker: carries out the policy that the route declares. */
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { setCaller } from '#apps/broker/src/access/caller.js';
import { FairTurns } from '#apps/broker/src/access/fair-turns.js';
import { KeyDoor } from '#apps/broker/src/access/key-door.js';
import { OperatorDoor } from '#apps/broker/src/access/operator-door.js';
import { POLICY, type PolicyName } from '#apps/broker/src/access/policy.decorator.js';
import { RateLimits } from '#apps/broker/src/access/rate-limits.js';
import { WaitingArea } from '#apps/broker/src/access/waiting-area.js';
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
    private readonly waitingArea: WaitingArea,
    private readonly turns: FairTurns,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
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
        return this.admitIntegrator(request, http.getResponse<FastifyReply>());
      case 'operatorToken':
        this.operator.admit(request);
        return true;
      default:
        return exhaustive(policy);
    }
  }

  /** Whoever is within its rate on a node that is not busy waits for nothing, not even a promise. */
  private admitIntegrator(
    request: FastifyRequest,
    reply: FastifyReply,
  ): boolean | Promise<boolean> {
    const presented = request.headers[KEY_HEADER];
    const text = typeof presented === 'string' ? presented : undefined;
    const caller = this.keys.admit(text, request.ip, request.id);
    const refusal = this.limits.takeKey(caller.keyId, reply);
    if (refusal) return this.waitingArea.refuse(refusal);
    setCaller(request, caller);
    return this.turns.take(caller.integratorId)?.then(() => true) ?? true;
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
