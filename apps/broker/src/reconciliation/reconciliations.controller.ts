import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { Kysely } from 'kysely';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { Person, type SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { BeginReconciliation } from '#apps/broker/src/reconciliation/begin-reconciliation.js';
import { ShowReconciliations } from '#apps/broker/src/reconciliation/show-reconciliations.js';
import type { Reconciliations } from '#libs/console-api/reconciliation.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';

/** A practice sees whether the two sides' records agree, and has them compared. */
@Controller('console/api/practices/:practiceId/reconciliations')
@Policy('practice', ['practice-owner', 'practice-manager', 'practice-auditor'])
export class PracticeReconciliationsController {
  constructor(
    private readonly show: ShowReconciliations,
    private readonly begin: BeginReconciliation,
    private readonly database: Kysely<Database>,
    private readonly clock: Clock,
  ) {}

  @Get()
  list(
    @Param('practiceId') practiceId: string,
    @Person() { personId }: SignedInPerson,
  ): Promise<Reconciliations> {
    return this.show.execute({ practiceId }, personId);
  }

  /** Of each server of the practice. */
  @Post()
  @HttpCode(202)
  async start(
    @Param('practiceId') practiceId: string,
    @Person() { personId }: SignedInPerson,
  ): Promise<void> {
    const agents = await this.database
      .selectFrom('agents')
      .select('agent_id')
      .where('practice_id', '=', practiceId)
      .where('state', '=', 'active')
      .execute();
    const asked = { personId, practiceId, nowMs: this.clock.now() };
    for (const { agent_id } of agents) await this.begin.execute(agent_id, asked);
  }
}

/** The operator's security officer, of one agent. */
@Controller('console/api/operator/agents/:agentId/reconciliations')
@Policy('operator', ['operator-security'])
export class AgentReconciliationsController {
  constructor(
    private readonly show: ShowReconciliations,
    private readonly begin: BeginReconciliation,
    private readonly clock: Clock,
  ) {}

  @Get()
  list(
    @Param('agentId') agentId: string,
    @Person() { personId }: SignedInPerson,
  ): Promise<Reconciliations> {
    return this.show.execute({ agentId }, personId);
  }

  @Post()
  @HttpCode(202)
  async start(
    @Param('agentId') agentId: string,
    @Person() { personId }: SignedInPerson,
  ): Promise<void> {
    await this.begin.execute(agentId, { personId, nowMs: this.clock.now() });
  }
}
