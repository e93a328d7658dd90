/** What agents ask and say about approvals by passkey, over their links. */
import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';

import type { SpeakingAgent } from '#apps/broker/src/grants/agent-sites.js';
import { DeliverPauses } from '#apps/broker/src/grants/deliver-pauses.js';
import { DeliverProposals } from '#apps/broker/src/grants/deliver-proposals.js';
import { metaOf } from '#apps/broker/src/grants/exact-meta.js';
import { OfferedApprovers } from '#apps/broker/src/grants/offered-approvers.js';
import { RecordAgentRules } from '#apps/broker/src/grants/record-agent-rules.js';
import { brokerPatterns } from '#libs/contracts/link-messages.js';
import {
  reportRulesShape,
  type OfferedPasskeys,
  type ReportRulesMeta,
} from '#libs/grants/grant-messages.js';
import { LinkContext } from '#libs/link/link-context.js';
import { LinkRequest } from '#libs/link/link-request.js';

@Controller()
export class ApprovalsController {
  constructor(
    private readonly approvers: OfferedApprovers,
    private readonly rules: RecordAgentRules,
    private readonly proposals: DeliverProposals,
    private readonly pauses: DeliverPauses,
  ) {}

  @MessagePattern(brokerPatterns.listOfferedPasskeys)
  offered(@Ctx() context: LinkContext<SpeakingAgent>): Promise<OfferedPasskeys> {
    return this.approvers.forAgent(context.peer);
  }

  /** An agent says it at each attach: so what waited for it comes now. */
  @MessagePattern(brokerPatterns.reportRules)
  async report(
    @Payload() request: LinkRequest,
    @Ctx() context: LinkContext<SpeakingAgent>,
  ): Promise<object> {
    await this.rules.execute(
      context.peer,
      metaOf<ReportRulesMeta>(request, reportRulesShape).rules,
    );
    void this.pauses.toAgent(context.peer.agentId);
    void this.proposals.toAgent(context.peer.agentId);
    return {};
  }
}
