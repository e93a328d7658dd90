import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Kysely, type Transaction } from 'kysely';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { OPERATOR } from '#apps/broker/src/fleet/act-request-book.js';
import { actAction, FindReach } from '#apps/broker/src/fleet/find-reach.js';
import { StepUps } from '#apps/broker/src/people/step-ups.js';
import { releaseChoices, revokeReasons, type AskActRequest } from '#libs/console-api/operator.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

/** In which a second person has to approve. */
export const actRequestLifeMs = 3_600_000;

interface WantedAct extends Pick<AskActRequest, 'act' | 'decision'> {
  agentId: string;
  /** A personId, or `operator`. */
  askedBy: string;
}

/** Asks for an act that takes two people. Nothing happens until the second one has approved. */
@Injectable()
export class AskAct {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly reach: FindReach,
    private readonly stepUps: StepUps,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
  ) {}

  /**
   * @returns the request's id
   * @throws ConduitError CONSOLE_ENTRY_NOT_FOUND, REQUEST_INVALID, ACT_NOT_POSSIBLE,
   *   ACT_REQUEST_WAITING, STEP_UP_REFUSED
   */
  async execute(person: SignedInPerson, agentId: string, order: AskActRequest): Promise<string> {
    const { act, decision, stepUp } = order;
    const choices: readonly string[] = act === 'agent.revoke' ? revokeReasons : releaseChoices;
    if (!choices.includes(decision)) {
      const facts = { field: 'decision', problem: `must be one of: ${choices.join(', ')}` };
      throw new ConduitError('REQUEST_INVALID', { facts });
    }
    const reach = await this.reach.execute(agentId);
    const type = act === 'agent.revoke' ? 'agent-revoke.ask' : 'agent-release.ask';
    await this.stepUps.require(person, actAction(type, agentId, reach, { decision }), stepUp);
    return this.put({ agentId, act, decision, askedBy: person.personId });
  }

  /**
   * Whoever has the operator's token asks, and a security officer decides: it is one pair of eyes.
   * @throws ConduitError as execute, but for the step-up
   */
  byToken(agentId: string, act: WantedAct['act'], decision: WantedAct['decision']) {
    return this.put({ agentId, act, decision, askedBy: OPERATOR });
  }

  private async put({ agentId, act, decision, askedBy }: WantedAct): Promise<string> {
    const requestId = randomUUID();
    await this.database.transaction().execute(async (within) => {
      const practiceId = await this.requireFit(within, agentId, act);
      await this.endOld(within, agentId);
      const now = this.clock.now();
      const made = await within
        .insertInto('act_requests')
        .values({
          ...{ request_id: requestId, act, agent_id: agentId, decision, state: 'waiting' },
          asked_by: askedBy,
          asked_at: new Date(now),
          expires_at: new Date(now + actRequestLifeMs),
        })
        .onConflict((conflict) => conflict.doNothing())
        .returning('request_id')
        .executeTakeFirst();
      if (!made) throw new ConduitError('ACT_REQUEST_WAITING');
      const about = { practice: practiceId, agent: agentId, reason: `${act}:${decision}` };
      const record = { type: 'agent-act.asked', ...about, actorRef: askedBy } as const;
      await this.audit.record(record, within);
    });
    return requestId;
  }

  private async requireFit(
    within: Transaction<Database>,
    agentId: string,
    act: AskActRequest['act'],
  ): Promise<string> {
    const agent = await within
      .selectFrom('agents')
      .select(['state', 'practice_id'])
      .where('agent_id', '=', agentId)
      .executeTakeFirst();
    if (!agent) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
    const fits = act === 'agent.revoke' ? agent.state !== 'revoked' : agent.state === 'quarantined';
    if (!fits) throw new ConduitError('ACT_NOT_POSSIBLE');
    return agent.practice_id;
  }

  /** One whose hour is over stands in nobody's way. */
  private async endOld(within: Transaction<Database>, agentId: string): Promise<void> {
    await within
      .updateTable('act_requests')
      .set({ state: 'withdrawn' })
      .where('agent_id', '=', agentId)
      .where('state', '=', 'waiting')
      .where('expires_at', '<=', new Date(this.clock.now()))
      .execute();
  }
}
