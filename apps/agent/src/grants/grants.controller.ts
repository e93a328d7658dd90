/** Documents that the broker brings: examined like everything else, and answered with a signed receipt. */
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';

import { agentPatterns } from '#libs/contracts/link-messages.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { SignedReceipt } from '#libs/grants/grant-receipt.js';
import { LinkRequest } from '#libs/link/link-request.js';
import { GrantExchange } from '#apps/agent/src/grants/grant-exchange.js';
import { GrantStore } from '#apps/agent/src/grants/grant-store.js';

@Controller()
export class GrantsController {
  constructor(
    private readonly store: GrantStore,
    private readonly exchange: GrantExchange,
  ) {}

  @MessagePattern(agentPatterns.putGrant)
  put(@Payload() request: LinkRequest): Promise<SignedReceipt> {
    return this.take(request);
  }

  @MessagePattern(agentPatterns.revokeGrant)
  revoke(@Payload() request: LinkRequest): Promise<SignedReceipt> {
    return this.take(request);
  }

  private async take(request: LinkRequest): Promise<SignedReceipt> {
    const { grantId } = await this.store.admit(request.meta['signed'], true);
    const held = this.store.find(grantId);
    if (!held) throw new ConduitError('GRANT_NOT_FOUND');
    return this.exchange.receiptFor(held);
  }
}
