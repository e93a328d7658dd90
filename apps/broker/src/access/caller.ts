/** Who is calling, as the guard proved it; handlers receive it by `@Caller()`. */
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { KeyEntry } from '#apps/broker/src/access/key-book.js';

export interface CallerIdentity {
  integratorId: string;
  keyId: string;
  key: KeyEntry;
}

const callers = new WeakMap<FastifyRequest, CallerIdentity>();

export function setCaller(request: FastifyRequest, caller: CallerIdentity): void {
  callers.set(request, caller);
}

export function callerOf(request: FastifyRequest): CallerIdentity {
  const caller = callers.get(request);
  if (!caller) throw new Error('the route has no integratorKey policy');
  return caller;
}

export const Caller = createParamDecorator((_: unknown, context: ExecutionContext) =>
  callerOf(context.switchToHttp().getRequest<FastifyRequest>()),
);
