import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { AskAct } from '#apps/broker/src/fleet/ask-act.js';
import { QuarantineAgent } from '#apps/broker/src/fleet/quarantine-agent.js';
import { ReleaseAgentDto } from '#libs/contracts/operator.js';

interface AskedAct {
  /** What waits for a security officer in the console. */
  requestId: string;
}

/**
 * What the operator's token may do about an agent. It stops one at once; whatever can't be taken back,
 * or lets one in again, it only asks for: a security officer decides in the console.
 */
@Controller('operator/agents/:agentId')
@Policy('operatorToken')
export class TokenActsController {
  constructor(
    private readonly stop: QuarantineAgent,
    private readonly ask: AskAct,
  ) {}

  @Post('quarantine')
  @HttpCode(204)
  quarantine(@Param('agentId') agentId: string): Promise<void> {
    return this.stop.byToken(agentId);
  }

  @Post('release')
  @HttpCode(202)
  async release(
    @Param('agentId') agentId: string,
    @Body() { decision }: ReleaseAgentDto,
  ): Promise<AskedAct> {
    return { requestId: await this.ask.byToken(agentId, 'agent.release', decision) };
  }

  @Post('revoke')
  @HttpCode(202)
  async revoke(@Param('agentId') agentId: string): Promise<AskedAct> {
    return { requestId: await this.ask.byToken(agentId, 'agent.revoke', 'operator') };
  }
}
