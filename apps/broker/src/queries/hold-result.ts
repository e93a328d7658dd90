/**
 * The room of a waiting result on its way to its caller: within the node's budget, and cut off when the caller is
 * frozen meanwhile, however slowly it takes what it was let have.
 */
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { callerOf } from '#apps/broker/src/access/caller.js';
import { LivePauses } from '#apps/broker/src/grants/live-pauses.js';
import { AnswerBudget, type HeldAnswer } from '#apps/broker/src/queries/answer-budget.js';
import { SiteBook } from '#apps/broker/src/sites/site-book.js';

@Injectable()
export class HoldResult {
  constructor(
    private readonly budget: AnswerBudget,
    private readonly sites: SiteBook,
    private readonly pauses: LivePauses,
  ) {}

  /**
   * To be called before it is asked whether the caller is frozen: in between nothing would cut it off.
   * @throws ConduitError RATE_LIMITED, BROKER_BUSY
   */
  execute(request: FastifyRequest, reply: FastifyReply, siteId: string): HeldAnswer {
    const { integratorId, keyId } = callerOf(request);
    const held = this.budget.open(integratorId);
    const practiceId = this.sites.find(siteId)?.practiceId ?? '';
    const place = { practiceId, siteId, integratorId, keyId };
    const unwatch = this.pauses.whenFrozen(place, () => reply.raw.destroy());
    reply.raw.once('close', () => {
      unwatch();
      held.release();
    });
    return held;
  }
}
