/** Takes `write.find` off the link. */
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import {
  agentPatterns,
  type FindWriteAnswer,
  type FindWriteMeta,
} from '#libs/contracts/link-messages.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { matches, firstWrongField, type Shape } from '#libs/grants/field-checks.js';
import { LinkRequest } from '#libs/link/link-request.js';
import { FindWrite } from '#apps/agent/src/writes/find-write.js';

/** These go into the agent's own record as they are. */
const id = matches(/^[A-Za-z0-9._-]{1,200}$/);
const shape: Shape = {
  required: { requestId: id, siteId: id, integratorId: id, key: matches(/^[\x21-\x7e]{1,255}$/) },
};

@Controller()
export class FindWriteController {
  constructor(private readonly writes: FindWrite) {}

  @MessagePattern(agentPatterns.findWrite)
  find(@Payload() { meta }: LinkRequest): Promise<FindWriteAnswer> {
    const field = firstWrongField(meta, shape);
    if (field !== undefined)
      throw new ConduitError('REQUEST_INVALID', {
        facts: { field: 'meta', problem: 'is malformed' },
      });
    return this.writes.execute(meta as unknown as FindWriteMeta);
  }
}
