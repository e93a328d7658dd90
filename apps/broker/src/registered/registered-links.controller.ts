import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import type { AgentPeer } from '#apps/broker/src/gateway/agent-peer.js';
import { checkedMeta } from '#apps/broker/src/gateway/checked-meta.js';
import { BringRegistered } from '#apps/broker/src/registered/bring-registered.js';
import { FollowRuns } from '#apps/broker/src/registered/follow-runs.js';
import { RecordRuns } from '#apps/broker/src/registered/record-runs.js';
import {
  RegisteredReportDto,
  RegisteredSyncDto,
} from '#apps/broker/src/registered/registered-report.js';
import { brokerPatterns } from '#libs/contracts/link-messages.js';
import type { SyncRegisteredAnswer } from '#libs/contracts/registered.js';
import { Clock } from '#libs/kernel/clock.js';
import { LinkContext } from '#libs/link/link-context.js';
import { LinkRequest } from '#libs/link/link-request.js';

/** What agents say about their registered queries: what they ran, and what they hold. */
@Controller()
export class RegisteredLinksController {
  constructor(
    private readonly record: RecordRuns,
    private readonly follow: FollowRuns,
    private readonly bring: BringRegistered,
    private readonly clock: Clock,
  ) {}

  /** Answered when all of it is stored; what follows from it comes after. */
  @MessagePattern(brokerPatterns.reportRegistered)
  async report(@Payload() request: LinkRequest, @Ctx() { peer }: LinkContext<AgentPeer>) {
    const { runs } = checkedMeta(RegisteredReportDto, request.meta);
    const recorded = await this.record.execute(peer.agentId, runs);
    for (const run of recorded) void this.follow.execute(run);
    return {};
  }

  @MessagePattern(brokerPatterns.syncRegistered)
  sync(
    @Payload() request: LinkRequest,
    @Ctx() { peer }: LinkContext<AgentPeer>,
  ): SyncRegisteredAnswer {
    const { held } = checkedMeta(RegisteredSyncDto, request.meta);
    void this.bring.agree(peer.agentId, held);
    return { brokerTimeMs: this.clock.now() };
  }
}
