import { Injectable } from '@nestjs/common';
import { Kysely, type Transaction } from 'kysely';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { ActRequestBook, type WaitingRequest } from '#apps/broker/src/fleet/act-request-book.js';
import { CarryOutAct } from '#apps/broker/src/fleet/carry-out-act.js';
import { actAction, FindReach } from '#apps/broker/src/fleet/find-reach.js';
import { noteAct } from '#apps/broker/src/fleet/note-act.js';
import { StepUps } from '#apps/broker/src/people/step-ups.js';
import type { StepUp } from '#libs/console-api/session.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

/**
 * The second pair of eyes. Approval, act, timeline and audit are stored together or not at all, so
 * that two who approve at once do it once, and nothing that failed counts as approved.
 */
@Injectable()
export class ApproveAct {
  constructor(
    private readonly book: ActRequestBook,
    private readonly reach: FindReach,
    private readonly stepUps: StepUps,
    private readonly act: CarryOutAct,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * @throws ConduitError CONSOLE_ENTRY_NOT_FOUND, ACT_REQUEST_OVER, SECOND_PERSON_NEEDED,
   *   STEP_UP_REFUSED, ACT_NOT_POSSIBLE, ACCESS_FROZEN
   */
  async execute(person: SignedInPerson, requestId: string, stepUp: StepUp): Promise<void> {
    const request = await this.book.requireWaiting(requestId);
    if (request.asked_by === person.personId) throw new ConduitError('SECOND_PERSON_NEEDED');
    const { agent_id: agentId, decision } = request;
    const reach = await this.reach.execute(agentId);
    const type = request.act === 'agent.revoke' ? 'agent-revoke.approve' : 'agent-release.approve';
    const action = actAction(type, agentId, reach, { requestId, decision });
    await this.stepUps.require(person, action, stepUp);
    const actorRef = person.personId;
    const also = (within: Transaction<Database>) => this.settle(within, request, actorRef);
    await this.act.execute(request, { actorRef, also });
  }

  private async settle(
    within: Transaction<Database>,
    request: WaitingRequest,
    actorRef: string,
  ): Promise<void> {
    const at = await this.book.decide(within, request.request_id, 'done', actorRef);
    const { agent_id: agentId, act, decision } = request;
    const isOut = act === 'agent.revoke' || decision === 'copiedMachine';
    const kind = isOut ? 'revoked' : 'released';
    await noteAct(within, { agentId, kind, actorRef, at, cause: decision });
    const about = { agent: agentId, practice: request.practice_id, reason: `${act}:${decision}` };
    await this.audit.record({ type: 'agent-act.approved', ...about, actorRef }, within);
  }
}

/** Ends a request without the act: by anybody else as a no, by who asked as a withdrawal. */
@Injectable()
export class DeclineAct {
  constructor(
    private readonly kysely: Kysely<Database>,
    private readonly book: ActRequestBook,
    private readonly audit: AuditTrail,
  ) {}

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND, ACT_REQUEST_OVER */
  async execute({ personId }: SignedInPerson, requestId: string): Promise<void> {
    const request = await this.book.requireWaiting(requestId);
    const state = request.asked_by === personId ? 'withdrawn' : 'declined';
    await this.kysely.transaction().execute(async (within) => {
      await this.book.decide(within, requestId, state, personId);
      const about = { agent: request.agent_id, practice: request.practice_id, reason: state };
      const record = { type: 'agent-act.declined', ...about, actorRef: personId } as const;
      await this.audit.record(record, within);
    });
    await this.book.tell(request.agent_id);
  }
}
