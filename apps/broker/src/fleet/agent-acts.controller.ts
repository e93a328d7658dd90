import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { Person, type SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { AskAct } from '#apps/broker/src/fleet/ask-act.js';
import { AskDiagnosis } from '#apps/broker/src/fleet/ask-diagnosis.js';
import { FindReach } from '#apps/broker/src/fleet/find-reach.js';
import { AskActDto } from '#apps/broker/src/fleet/fleet-bodies.js';
import { QuarantineAgent } from '#apps/broker/src/fleet/quarantine-agent.js';
import { StepUpRequestDto } from '#apps/broker/src/people/people-bodies.js';
import type { ActReach } from '#libs/console-api/operator.js';

/** What staff may do about one agent: look closer and stop it at once; the rest takes two people. */
@Controller('console/api/operator/agents/:agentId')
@Policy('operator', ['operator-support', 'operator-security'])
export class AgentActsController {
  constructor(
    private readonly reach: FindReach,
    private readonly stop: QuarantineAgent,
    private readonly ask: AskAct,
    private readonly diagnose: AskDiagnosis,
  ) {}

  @Get('reach')
  findReach(@Param('agentId') agentId: string): Promise<ActReach> {
    return this.reach.execute(agentId);
  }

  @Post('quarantine')
  @HttpCode(204)
  quarantine(
    @Person() person: SignedInPerson,
    @Param('agentId') agentId: string,
    @Body() { stepUp }: StepUpRequestDto,
  ): Promise<void> {
    return this.stop.execute(person, agentId, stepUp);
  }

  @Post('requests')
  @Policy('operator', ['operator-security'])
  async askAct(
    @Person() person: SignedInPerson,
    @Param('agentId') agentId: string,
    @Body() order: AskActDto,
  ): Promise<{ requestId: string }> {
    return { requestId: await this.ask.execute(person, agentId, order) };
  }

  @Post('diagnoses')
  async askDiagnosis(
    @Person() person: SignedInPerson,
    @Param('agentId') agentId: string,
  ): Promise<{ diagnosisId: string }> {
    return { diagnosisId: await this.diagnose.execute(person, agentId) };
  }
}
