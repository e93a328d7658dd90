import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import type { AgentPeer } from '#apps/broker/src/gateway/agent-peer.js';
import { AgentSignals } from '#apps/broker/src/gateway/agent-signals.js';
import { checkedMeta } from '#apps/broker/src/gateway/checked-meta.js';
import { ReportedPlaces } from '#apps/broker/src/gateway/reported-places.js';
import { RecordReport } from '#apps/broker/src/gateway/record-report.js';
import { AgentReportDto } from '#libs/contracts/agent-report.js';
import { brokerPatterns } from '#libs/contracts/link-messages.js';
import { Clock } from '#libs/kernel/clock.js';
import { LinkContext } from '#libs/link/link-context.js';
import { LinkRequest } from '#libs/link/link-request.js';

/** The agent says how it and its databases are; the broker answers with its time. */
@Controller()
export class AgentReportsController {
  constructor(
    private readonly record: RecordReport,
    private readonly signals: AgentSignals,
    private readonly places: ReportedPlaces,
    private readonly clock: Clock,
  ) {}

  @MessagePattern(brokerPatterns.reportAgent)
  async report(@Payload() request: LinkRequest, @Ctx() { peer }: LinkContext<AgentPeer>) {
    const report = checkedMeta(AgentReportDto, request.meta);
    this.places.note(peer, report);
    await this.record.execute(peer.agentId, report);
    await this.signals.reportedBy(peer, report);
    return { brokerTimeMs: this.clock.now() };
  }
}
