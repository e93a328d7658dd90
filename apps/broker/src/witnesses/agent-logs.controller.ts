import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { IsBase64, IsString, MaxLength } from 'class-validator';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import type { AgentPeer } from '#apps/broker/src/gateway/agent-peer.js';
import { checkedMeta } from '#apps/broker/src/gateway/checked-meta.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import { KeepAgentLog } from '#apps/broker/src/witnesses/keep-agent-log.js';
import {
  brokerPatterns,
  type PublishLogHeadAnswer,
  type PublishLogHeadMeta,
} from '#libs/contracts/link-messages.js';
import { LinkContext } from '#libs/link/link-context.js';
import { LinkRequest } from '#libs/link/link-request.js';

class PublishLogHeadDto implements PublishLogHeadMeta {
  @IsString()
  @MaxLength(400)
  verifierKey!: string;

  @IsBase64()
  @MaxLength(100)
  bound!: string;
}

/** Heads of agents' own logs. */
@Controller()
export class AgentLogsController {
  constructor(
    private readonly keep: KeepAgentLog,
    private readonly broadcast: Broadcast,
    private readonly log: EventLog,
  ) {}

  @MessagePattern(brokerPatterns.publishLogHead)
  async publish(
    @Payload() request: LinkRequest,
    @Ctx() { peer }: LinkContext<AgentPeer>,
  ): Promise<PublishLogHeadAnswer> {
    const { verifierKey, bound } = checkedMeta(PublishLogHeadDto, request.meta);
    const { agentId, practiceId } = peer;
    const body = request.body.toString();
    const told = { agentId, practiceId, verifierKey, bound: Buffer.from(bound, 'base64'), body };
    const { answer, isNew } = await this.keep.execute(told);
    if (isNew && answer.alarm) {
      this.log.write('agent-log.contradicted', { agentId, alarm: answer.alarm });
      await this.broadcast.publish('fleet.changed', agentId);
    }
    return answer;
  }
}
