import { randomUUID } from 'node:crypto';
import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { CreateEnrolmentCode } from '#apps/broker/src/enrolment/create-enrolment-code.js';
import { ListAgents, type AgentPage } from '#apps/broker/src/operator/list-agents.js';
import { RegisterPractice } from '#apps/broker/src/operator/register-practice.js';
import type { RegisteredSite } from '#libs/contracts/enrolment.js';
import {
  CreateEnrolmentCodeDto,
  CreatePracticeDto,
  ListAgentsDto,
} from '#libs/contracts/operator.js';

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
}
