import { Injectable } from '@nestjs/common';
import { BlockAgent, type BlockTerms } from '#apps/broker/src/gateway/block-agent.js';
import type { ReleaseDecision } from '#libs/contracts/operator.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

/**
 * Ends a quarantine by what the practice says happened. A restored backup may join again: its count
 * of joins starts anew, so whichever machine holds the identity key next passes once, and if a
 * second one does turn up the two are shut out again. So may one whose quarantine was a false alarm. A copied machine stays out for good: its
 * identity key is in two places, so the agent is revoked and has to enrol anew.
 */
@Injectable()
export class ReleaseAgent {
  constructor(private readonly block: BlockAgent) {}

  /** @throws ConduitError AGENT_NOT_QUARANTINED; ACCESS_FROZEN while it is frozen for an incident */
  async execute(agentId: string, decision: ReleaseDecision, terms?: BlockTerms): Promise<void> {
    const settled =
      decision === 'copiedMachine'
        ? await this.block.revokeQuarantined(agentId, 'key-compromised', terms)
        : await this.block.readmit(agentId, decision, terms);
    if (!settled) throw new ConduitError('AGENT_NOT_QUARANTINED');
  }
}
