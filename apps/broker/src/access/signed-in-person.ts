/** Who is signed in, as the guard proved it; handlers receive it by `@Person()` or `personOf`. */
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { PersonRole } from '#libs/console-api/session.js';

/** A role that holds at this moment. */
export interface HeldRole {
  role: PersonRole;
  practiceId?: string;
  practiceName?: string;
  integratorId?: string;
  integratorName?: string;
  expiresAt?: string;
}

export interface SignedInPerson {
  personId: string;
  name: string;
  email?: string;
  roles: readonly HeldRole[];
  session: {
    sessionId: string;
    signedInWith: 'passkey' | 'oidc';
    startedAt: Date;
    idleUntil: Date;
    endsAt: Date;
  };
}

const people = new WeakMap<FastifyRequest, SignedInPerson>();
const replies = new WeakMap<SignedInPerson, FastifyReply>();

export function setPerson(
  request: FastifyRequest,
  reply: FastifyReply,
  person: SignedInPerson,
): void {
  people.set(request, person);
  replies.set(person, reply);
}

/** @throws Error on a route whose policy asks for no session: a fault of ours */
export function personOf(request: FastifyRequest): SignedInPerson {
  const person = people.get(request);
  if (!person) throw new Error('the route has no policy that asks for a session');
  return person;
}

/** The answer to the person's request, where a new cookie can be set. */
export function replyTo(person: SignedInPerson): FastifyReply | undefined {
  return replies.get(person);
}

export const Person = createParamDecorator((_: unknown, context: ExecutionContext) =>
  personOf(context.switchToHttp().getRequest<FastifyRequest>()),
);
