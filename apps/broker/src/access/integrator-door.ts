/** Lets in calls of integrators: a live key first, then its rate, then its turn on a busy node. */
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { bearerOf } from '#apps/broker/src/access/access-token.js';
import { setCaller, type CallerIdentity } from '#apps/broker/src/access/caller.js';
import { FairTurns } from '#apps/broker/src/access/fair-turns.js';
import { KeyDoor } from '#apps/broker/src/access/key-door.js';
import { RateLimits } from '#apps/broker/src/access/rate-limits.js';
import { TokenDoor } from '#apps/broker/src/access/token-door.js';
import { WaitingArea } from '#apps/broker/src/access/waiting-area.js';

export const KEY_HEADER = 'ocp-apim-subscription-key';

@Injectable()
export class IntegratorDoor {
  constructor(
    private readonly keys: KeyDoor,
    private readonly tokens: TokenDoor,
    private readonly limits: RateLimits,
    private readonly waitingArea: WaitingArea,
    private readonly turns: FairTurns,
  ) {}

  /**
   * Whoever is within its rate on a node that is not busy waits for nothing, not even a promise.
   * @throws ConduitError as KeyDoor and TokenDoor; RATE_LIMITED
   */
  admit(request: FastifyRequest, reply: FastifyReply): boolean | Promise<boolean> {
    const caller = this.callerOf(request);
    const refusal = this.limits.takeKey(caller.keyId, reply);
    if (refusal) return this.waitingArea.refuse(refusal);
    setCaller(request, caller);
    return this.turns.take(caller.integratorId)?.then(() => true) ?? true;
  }

  /** A key counts where both came: gateways on the way add an Authorization of their own. */
  private callerOf({ headers, ip, id }: FastifyRequest): CallerIdentity {
    const presented = headers[KEY_HEADER];
    const key = typeof presented === 'string' ? presented : undefined;
    const token = key === undefined ? bearerOf(headers.authorization) : undefined;
    return token === undefined ? this.keys.admit(key, ip, id) : this.tokens.admit(token, ip, id);
  }
}
