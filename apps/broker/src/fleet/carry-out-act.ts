import { Injectable } from '@nestjs/common';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import type { WaitingRequest } from '#apps/broker/src/fleet/act-request-book.js';
import type { BlockTerms, RevocationReason } from '#apps/broker/src/gateway/block-agent.js';
import { ReleaseAgent } from '#apps/broker/src/gateway/release-agent.js';
import { RevokeAgent } from '#apps/broker/src/gateway/revoke-agent.js';
import type { ReleaseDecision } from '#libs/contracts/operator.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

/** Does what two people agreed on. */
@Injectable()
export class CarryOutAct {
  constructor(
    private readonly revoke: RevokeAgent,
    private readonly release: ReleaseAgent,
    private readonly broadcast: Broadcast,
  ) {}

  /** @throws ConduitError ACT_NOT_POSSIBLE, AGENT_NOT_QUARANTINED, ACCESS_FROZEN; what `terms.also` throws */
  async execute({ act, agent_id: agentId, decision }: WaitingRequest, terms: BlockTerms) {
    if (act === 'agent.release') {
      await this.release.execute(agentId, decision as ReleaseDecision, terms);
    } else if (!(await this.revoke.execute(agentId, decision as RevocationReason, terms))) {
      throw new ConduitError('ACT_NOT_POSSIBLE');
    }
    await this.broadcast.publish('fleet.changed', agentId);
  }
}
