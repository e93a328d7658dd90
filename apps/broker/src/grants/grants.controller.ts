/** What agents say about permission, over their links. Each may speak of its own sites only. */
import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';

import { AccessRequests } from '#apps/broker/src/grants/access-requests.js';
import type { SpeakingAgent } from '#apps/broker/src/grants/agent-sites.js';
import { CreatePairingCode } from '#apps/broker/src/grants/create-pairing-code.js';
import { metaOf } from '#apps/broker/src/grants/exact-meta.js';
import { StoreGrant } from '#apps/broker/src/grants/store-grant.js';
import { brokerPatterns } from '#libs/contracts/link-messages.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import {
  createPairingCodeShape,
  declineAccessRequestShape,
  publishGrantShape,
  type CreatedPairingCode,
  type CreatePairingCodeMeta,
  type DeclineAccessRequestMeta,
  type ListedGrants,
  type OpenAccessRequests,
  type PublishGrantMeta,
} from '#libs/grants/grant-messages.js';
import { LinkContext } from '#libs/link/link-context.js';
import { LinkRequest } from '#libs/link/link-request.js';

@Controller()
export class GrantsController {
  constructor(
    private readonly createPairingCode: CreatePairingCode,
    private readonly accessRequests: AccessRequests,
    private readonly storeGrant: StoreGrant,
  ) {}

  @MessagePattern(brokerPatterns.createPairingCode)
  create(
    @Payload() request: LinkRequest,
    @Ctx() context: LinkContext<SpeakingAgent>,
  ): Promise<CreatedPairingCode> {
    const { siteId } = metaOf<CreatePairingCodeMeta>(request, createPairingCodeShape);
    return this.createPairingCode.execute(context.peer, siteId);
  }

  @MessagePattern(brokerPatterns.listAccessRequests)
  listRequests(@Ctx() context: LinkContext<SpeakingAgent>): Promise<OpenAccessRequests> {
    return this.accessRequests.list(context.peer);
  }

  @MessagePattern(brokerPatterns.declineAccessRequest)
  async decline(
    @Payload() request: LinkRequest,
    @Ctx() context: LinkContext<SpeakingAgent>,
  ): Promise<object> {
    const decision = metaOf<DeclineAccessRequestMeta>(request, declineAccessRequestShape);
    await this.accessRequests.decline(context.peer, decision);
    return {};
  }

  @MessagePattern(brokerPatterns.publishGrant)
  publish(
    @Payload() request: LinkRequest,
    @Ctx() context: LinkContext<SpeakingAgent>,
  ): Promise<object> {
    return this.store(request, context, false);
  }

  @MessagePattern(brokerPatterns.publishRevocation)
  publishRevocation(
    @Payload() request: LinkRequest,
    @Ctx() context: LinkContext<SpeakingAgent>,
  ): Promise<object> {
    return this.store(request, context, true);
  }

  @MessagePattern(brokerPatterns.listGrants)
  listGrants(@Ctx() context: LinkContext<SpeakingAgent>): Promise<ListedGrants> {
    return this.storeGrant.list(context.peer);
  }

  private async store(
    request: LinkRequest,
    context: LinkContext<SpeakingAgent>,
    revocation: boolean,
  ): Promise<object> {
    const meta = metaOf<PublishGrantMeta>(request, publishGrantShape);
    if (revocation !== meta.signed.document.includes('"revoked":true'))
      throw new ConduitError('REQUEST_INVALID', { facts: { field: 'signed' } });
    await this.storeGrant.execute(context.peer, meta);
    return {};
  }
}
