/**
 * A query from the console, at the sandbox and nowhere else. A site is the sandbox only where the
 * operator registered it so and its own database server says so. From there on it is a call of the
 * API: the integrator's key comes with it, its permission counts, and nothing of it is kept.
 */
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Kysely } from 'kysely';
import { KEY_HEADER } from '#apps/broker/src/access/integrator-door.js';
import { KeyDoor } from '#apps/broker/src/access/key-door.js';
import { RateLimits } from '#apps/broker/src/access/rate-limits.js';
import { GrantBook } from '#apps/broker/src/grants/grant-book.port.js';
import { ImmediateCall } from '#apps/broker/src/queries/immediate-call.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

@Injectable()
export class SandboxCall {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly grants: GrantBook,
    private readonly keys: KeyDoor,
    private readonly limits: RateLimits,
    private readonly call: ImmediateCall,
  ) {}

  /**
   * @throws ConduitError CONSOLE_ENTRY_NOT_FOUND for a site that is not paired; SITE_NOT_SANDBOX; as
   *   KeyDoor, and KEY_INVALID for another integrator's key; then as any immediate query
   */
  async execute(
    integratorId: string,
    siteId: string,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    await this.requireSandbox(integratorId, siteId);
    const presented = request.headers[KEY_HEADER];
    const key = typeof presented === 'string' ? presented : undefined;
    const caller = this.keys.admit(key, request.ip, request.id);
    if (caller.integratorId !== integratorId) throw new ConduitError('KEY_INVALID');
    const refusal = this.limits.takeKey(caller.keyId, reply);
    if (refusal) throw refusal;
    await this.call.execute(caller, siteId, request, reply);
  }

  private async requireSandbox(integratorId: string, siteId: string): Promise<void> {
    if (!this.grants.pairedSites(integratorId).includes(siteId))
      throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
    const site = await this.database
      .selectFrom('sites')
      .select(['is_sandbox', 'serves_sandbox'])
      .where('site_id', '=', siteId)
      .executeTakeFirst();
    if (!site?.is_sandbox || !site.serves_sandbox) throw new ConduitError('SITE_NOT_SANDBOX');
  }
}
