/** The one guard of the broker: carries out the policy that the route declares. */
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { declaredPolicy, type DeclaredPolicy } from '#apps/broker/src/access/declared-policy.js';
import { IntegratorDoor } from '#apps/broker/src/access/integrator-door.js';
import { OperatorDoor } from '#apps/broker/src/access/operator-door.js';
import { PersonDoor } from '#apps/broker/src/access/person-door.js';
import { RateLimits } from '#apps/broker/src/access/rate-limits.js';
import { exhaustive } from '#libs/kernel/exhaustive.js';

type Handler = ReturnType<ExecutionContext['getHandler']>;

@Injectable()
export class PolicyGuard implements CanActivate {
  /** Metadata does not change, and reading it costs more than a map. */
  private readonly policyOf = new Map<Handler, DeclaredPolicy>();

  constructor(
    private readonly integrators: IntegratorDoor,
    private readonly operator: OperatorDoor,
    private readonly people: PersonDoor,
    private readonly limits: RateLimits,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    // Other transports (the link) have their own identity, proven at the TLS handshake.
    if (context.getType() !== 'http') return true;
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const { name, roles } = this.find(context);
    switch (name) {
      case 'public':
        return true;
      case 'ownProof':
      case 'throttled':
        this.limits.takeStranger(request.ip, reply);
        return true;
      case 'integratorKey':
        return this.integrators.admit(request, reply);
      case 'operatorToken':
        this.operator.admit(request);
        return true;
      case 'visitor':
        this.people.admitVisitor(request, reply);
        return true;
      case 'session':
      case 'practice':
      case 'integrator':
      case 'operator':
        return this.people.admit(request, reply, name, roles).then(() => true);
      default:
        return exhaustive(name);
    }
  }

  private find(context: ExecutionContext): DeclaredPolicy {
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
