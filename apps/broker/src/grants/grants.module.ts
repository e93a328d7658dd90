/**
 * Permission as the broker knows it: pairing codes, access requests, and the practice's signed
 * grants, kept as signed, and its pauses, which it brings to the agent. What an owner's passkey approved waits here for the practice's server; only
 * the server's receipt puts it in force. It answers hopeless requests early; the decision is the agent's.
 */
import { Module } from '@nestjs/common';

import { GatewayModule } from '#apps/broker/src/gateway/gateway.module.js';
import { AccessRequests } from '#apps/broker/src/grants/access-requests.js';
import { AgentRulesBook } from '#apps/broker/src/grants/agent-rules-book.js';
import { ApprovalsController } from '#apps/broker/src/grants/approvals.controller.js';
import { DeliverPauses } from '#apps/broker/src/grants/deliver-pauses.js';
import { DeliverProposals } from '#apps/broker/src/grants/deliver-proposals.js';
import { DraftGrant } from '#apps/broker/src/grants/draft-grant.js';
import { GrantStandings } from '#apps/broker/src/grants/grant-standings.js';
import { OfferedApprovers } from '#apps/broker/src/grants/offered-approvers.js';
import { ProposeGrant } from '#apps/broker/src/grants/propose-grant.js';
import { RecordAgentRules } from '#apps/broker/src/grants/record-agent-rules.js';
import { SettleProposal } from '#apps/broker/src/grants/settle-proposal.js';
import { AskAccess } from '#apps/broker/src/grants/ask-access.js';
import { CreatePairingCode } from '#apps/broker/src/grants/create-pairing-code.js';
import { GrantNews } from '#apps/broker/src/grants/grant-news.js';
import { GrantBook } from '#apps/broker/src/grants/grant-book.port.js';
import { GrantsController } from '#apps/broker/src/grants/grants.controller.js';
import { LiveGrantBook } from '#apps/broker/src/grants/live-grant-book.js';
import { LivePauses } from '#apps/broker/src/grants/live-pauses.js';
import { PairingDoor } from '#apps/broker/src/grants/pairing-door.js';
import { PausesAtAgents } from '#apps/broker/src/grants/pauses-at-agents.js';
import { PausableGrantBook } from '#apps/broker/src/grants/pausable-grant-book.js';
import { RedeemPairingCode } from '#apps/broker/src/grants/redeem-pairing-code.js';
import { StoreGrant } from '#apps/broker/src/grants/store-grant.js';

@Module({
  imports: [GatewayModule],
  controllers: [GrantsController, ApprovalsController],
  providers: [
    CreatePairingCode,
    GrantNews,
    RedeemPairingCode,
    PairingDoor,
    AccessRequests,
    AskAccess,
    StoreGrant,
    AgentRulesBook,
    DeliverPauses,
    DeliverProposals,
    DraftGrant,
    GrantStandings,
    OfferedApprovers,
    PausesAtAgents,
    ProposeGrant,
    RecordAgentRules,
    SettleProposal,
    LiveGrantBook,
    LivePauses,
    { provide: GrantBook, useClass: PausableGrantBook },
  ],
  exports: [
    AccessRequests,
    AskAccess,
    AgentRulesBook,
    CreatePairingCode,
    DraftGrant,
    GrantBook,
    GrantNews,
    GrantStandings,
    LivePauses,
    OfferedApprovers,
    PairingDoor,
    PausesAtAgents,
    ProposeGrant,
  ],
})
export class GrantsModule {}
