/**
 * Lets people in: first that the request comes from the console's own pages, then the session, then
 * the role. An unsafe method without the console's Origin is refused whatever it carries.
 */
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ConsoleOrigin } from '#apps/broker/src/access/console-origin.js';
import { decideAccess } from '#apps/broker/src/access/person-access.js';
import type { PersonPolicy } from '#apps/broker/src/access/policy.decorator.js';
import { RateLimits } from '#apps/broker/src/access/rate-limits.js';
import { SessionBook } from '#apps/broker/src/access/session-book.js';
import { readSessionCookie } from '#apps/broker/src/access/session-cookie.js';
import { setPerson, type SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import type { PersonRole } from '#libs/console-api/session.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

const SAFE_METHODS = ['GET', 'HEAD'];

@Injectable()
export class PersonDoor {
  constructor(
    private readonly sessions: SessionBook,
    private readonly origin: ConsoleOrigin,
    private readonly limits: RateLimits,
  ) {}

  /** Of routes that need no session. @throws ConduitError ORIGIN_FORBIDDEN, RATE_LIMITED */
  admitVisitor(request: FastifyRequest, reply: FastifyReply): void {
    this.requireOrigin(request);
    this.limits.takeStranger(request.ip, reply);
  }

  /**
   * @throws ConduitError ORIGIN_FORBIDDEN, SESSION_MISSING, RATE_LIMITED, ROLE_FORBIDDEN;
   *   CONSOLE_ENTRY_NOT_FOUND for a tenant that the person has no role at
   */
  async admit(
    request: FastifyRequest,
    reply: FastifyReply,
    policy: PersonPolicy,
    roles: readonly PersonRole[],
  ): Promise<void> {
    this.requireOrigin(request);
    const person = await this.find(request);
    if (!person) throw new ConduitError('SESSION_MISSING');
    this.limits.takePerson(person.personId, reply);
    const params = request.params as Record<string, string | undefined>;
    const verdict = decideAccess({ policy, roles, params }, person.roles);
    if (verdict === 'tenant-unknown') throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
    if (verdict === 'role-forbidden') throw new ConduitError('ROLE_FORBIDDEN');
    setPerson(request, reply, person);
  }

  /** Who is signed in, on a route that does not ask for it. */
  async find(request: FastifyRequest): Promise<SignedInPerson | undefined> {
    const token = readSessionCookie(request);
    return (
      token && this.sessions.find(token, request.headers['x-conduit-unattended'] === undefined)
    );
  }

  private requireOrigin({ method, headers }: FastifyRequest): void {
    if (SAFE_METHODS.includes(method)) return;
    if (!this.origin.includes(headers.origin)) throw new ConduitError('ORIGIN_FORBIDDEN');
  }
}
