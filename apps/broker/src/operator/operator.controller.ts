import { randomUUID } from 'node:crypto';
import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { CreateEnrolmentCode } from '#apps/broker/src/enrolment/create-enrolment-code.js';
import { ReleaseAgent } from '#apps/broker/src/gateway/release-agent.js';
import { RevokeAgent } from '#apps/broker/src/gateway/revoke-agent.js';
import { ListAgents, type AgentPage } from '#apps/broker/src/operator/list-agents.js';
import { RegisterPractice } from '#apps/broker/src/operator/register-practice.js';
import type { RegisteredSite } from '#libs/contracts/enrolment.js';
import {
  CreateEnrolmentCodeDto,
  CreatePracticeDto,
  ListAgentsDto,
  ReleaseAgentDto,
} from '#libs/contracts/operator.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

interface EnrolmentCodeAnswer {
  codeId: string;
  /** Shown once. */
  code: string;
  expiresAt: string;
  sites: RegisteredSite[];
}

/** The operator's acts about practices and their agents. */
@Controller('operator')
@Policy('operatorToken')
export class OperatorController {
  constructor(
    private readonly practices: RegisterPractice,
    private readonly enrolment: CreateEnrolmentCode,
    private readonly revoke: RevokeAgent,
    private readonly release: ReleaseAgent,
    private readonly agents: ListAgents,
  ) {}

  @Post('practices')
  createPractice(@Body() order: CreatePracticeDto): Promise<{ practiceId: string }> {
    return this.practices.execute(order);
  }

  /** The sites come into being when the code is redeemed; their ids are known from here on. */
  @Post('practices/:practiceId/enrolment-codes')
  async createEnrolmentCode(
    @Param('practiceId') practiceId: string,
    @Body() order: CreateEnrolmentCodeDto,
  ): Promise<EnrolmentCodeAnswer> {
    await this.practices.require(practiceId);
    const sites = order.sites.map(({ siteId, name, pmsType, pmsSiteId, isSandbox }) => ({
      siteId: siteId?.toLowerCase() ?? randomUUID(),
      name,
      pmsType,
      pmsSiteId,
      ...(isSandbox === true && { isSandbox }),
    }));
    const actorRef = 'operator';
    const made = await this.enrolment.execute({ practiceId, sites, actorRef });
    const { codeId, code, expiresAt } = made;
    return { codeId, code: code.reveal(), expiresAt: expiresAt.toISOString(), sites };
  }

  /** In pages, by id; never a name of a person or a practice. */
  @Get('agents')
  listAgents(@Query() wanted: ListAgentsDto): Promise<AgentPage> {
    return this.agents.execute(wanted);
  }

  /** Ends a quarantine, one way or the other. */
  @Post('agents/:agentId/release')
  @HttpCode(204)
  releaseAgent(@Param('agentId') agentId: string, @Body() order: ReleaseAgentDto): Promise<void> {
    return this.release.execute(agentId, order.decision);
  }

  @Post('agents/:agentId/revoke')
  @HttpCode(204)
  async revokeAgent(@Param('agentId') agentId: string): Promise<void> {
    const revoked = await this.revoke.execute(agentId, 'operator');
    if (!revoked) {
      throw new ConduitError('REGISTRY_ENTRY_NOT_FOUND', { facts: { field: 'agentId' } });
    }
  }
}
