/** Lets in calls of integrators: a live key first, then its rate, then its turn on a busy node. */
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { setCaller } from '#apps/broker/src/access/caller.js';
import { FairTurns } from '#apps/broker/src/access/fair-turns.js';
import { KeyDoor } from '#apps/broker/src/access/key-door.js';
import { RateLimits } from '#apps/broker/src/access/rate-limits.js';
import { WaitingArea } from '#apps/broker/src/access/waiting-area.js';

export const KEY_HEADER = 'ocp-apim-subscription-key';

@Injectable()
export class IntegratorDoor {
  constructor(
    private readonly keys: KeyDoor,
    private readonly limits: RateLimits,
    private readonly waitingArea: WaitingArea,
    private readonly turns: FairTurns,
  ) {}

  /**
   * Whoever is within its rate on a node that is not busy waits for nothing, not even a promise.
   * @throws ConduitError as KeyDoor; RATE_LIMITED
   */
  admit(request: FastifyRequest, reply: FastifyReply): boolean | Promise<boolean> {
    const presented = request.headers[KEY_HEADER];
    const text = typeof presented === 'string' ? presented : undefined;
    const caller = this.keys.admit(text, request.ip, request.id);
    const refusal = this.limits.takeKey(caller.keyId, reply);
    if (refusal) return this.waitingArea.refuse(refusal);
    setCaller(request, caller);
    return this.turns.take(caller.integratorId)?.then(() => true) ?? true;
  }
}
