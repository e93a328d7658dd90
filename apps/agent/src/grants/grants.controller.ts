/**
 * What the broker brings of permission: documents, examined like everything else and answered with a
 * signed receipt, and what the practice has paused.
 */
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';

import { agentPatterns } from '#libs/contracts/link-messages.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { SignedReceipt } from '#libs/grants/grant-receipt.js';
import { firstWrongField } from '#libs/grants/field-checks.js';
import { pausesShape, type PausesAsTold } from '#libs/grants/pause-messages.js';
import { LinkRequest } from '#libs/link/link-request.js';
import { GrantExchange } from '#apps/agent/src/grants/grant-exchange.js';
import { GrantStore } from '#apps/agent/src/grants/grant-store.js';
import { PracticePauses } from '#apps/agent/src/grants/practice-pauses.js';

@Controller()
export class GrantsController {
  constructor(
    private readonly store: GrantStore,
    private readonly exchange: GrantExchange,
    private readonly pauses: PracticePauses,
  ) {}

  @MessagePattern(agentPatterns.putGrant)
  put(@Payload() request: LinkRequest): Promise<SignedReceipt> {
    return this.take(request);
  }

  @MessagePattern(agentPatterns.revokeGrant)
  revoke(@Payload() request: LinkRequest): Promise<SignedReceipt> {
    return this.take(request);
  }

  @MessagePattern(agentPatterns.putPauses)
  pause(@Payload() request: LinkRequest): Promise<PausesAsTold> {
    const { requestId: _, ...told } = request.meta;
    const field = firstWrongField(told, pausesShape);
    if (field !== undefined) throw new ConduitError('REQUEST_INVALID');
    return this.pauses.put(told as unknown as PausesAsTold);
  }

  private async take(request: LinkRequest): Promise<SignedReceipt> {
    const { grantId } = await this.store.admit(request.meta['signed'], true);
    const held = this.store.find(grantId);
    if (!held) throw new ConduitError('GRANT_NOT_FOUND');
    return this.exchange.receiptFor(held);
  }
}
