import { Injectable } from '@nestjs/common';
import {
  BlockAgent,
  type BlockTerms,
  type RevocationReason,
} from '#apps/broker/src/gateway/block-agent.js';

/** The operator's act: the agent is out for good, its live links on every node within two seconds. */
@Injectable()
export class RevokeAgent {
  constructor(private readonly block: BlockAgent) {}

  /** @returns whether there was such an agent that was not revoked yet */
  execute(agentId: string, reason: RevocationReason, terms?: BlockTerms): Promise<boolean> {
    return this.block.revoke(agentId, reason, terms);
  }
}
