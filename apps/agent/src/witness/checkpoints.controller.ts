import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { CosignCheckpoint } from '#apps/agent/src/witness/cosign-checkpoint.js';
import { agentPatterns, type WitnessAnswer } from '#libs/contracts/link-messages.js';
import { LinkRequest } from '#libs/link/link-request.js';

/** Heads of the broker's audit log, to be cosigned. */
@Controller()
export class CheckpointsController {
  constructor(private readonly cosign: CosignCheckpoint) {}

  @MessagePattern(agentPatterns.witnessCheckpoint)
  witness(@Payload() request: LinkRequest): Promise<WitnessAnswer> {
    return this.cosign.execute(String(request.meta['logKey']), request.body.toString());
  }
}
