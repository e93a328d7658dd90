import { Injectable } from '@nestjs/common';
import { Kysely, type Selectable, type Transaction } from 'kysely';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { moment, given } from '#apps/broker/src/fleet/fleet-agent.js';
import type { ActRequest, ActRequests } from '#libs/console-api/operator.js';
import type { ActRequestsTable } from '#libs/db/fleet-tables.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

export interface WaitingRequest extends Selectable<ActRequestsTable> {
  practice_id: string;
}

const MOST_DECIDED = 30;

/** How requests and records call whoever has the token of the broker's machine. */
export const OPERATOR = 'operator';

/** Requests for acts of two people, and what became of them. */
@Injectable()
export class ActRequestBook {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly broadcast: Broadcast,
    private readonly clock: Clock,
  ) {}

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND; ACT_REQUEST_OVER, also where its hour is over */
  async requireWaiting(requestId: string): Promise<WaitingRequest> {
    const request = await this.database
      .selectFrom('act_requests')
      .innerJoin('agents', 'agents.agent_id', 'act_requests.agent_id')
      .selectAll('act_requests')
      .select('agents.practice_id')
      .where('request_id', '=', requestId)
      .executeTakeFirst();
    if (!request) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
    const isOver = request.expires_at.getTime() <= this.clock.now();
    if (request.state !== 'waiting' || isOver) throw new ConduitError('ACT_REQUEST_OVER');
    return request;
  }

  /**
   * @returns when it was decided
   * @throws ConduitError ACT_REQUEST_OVER when another was quicker, or who asked may no more
   */
  async decide(
    within: Transaction<Database>,
    requestId: string,
    state: 'done' | 'declined' | 'withdrawn',
    personId: string,
  ): Promise<Date> {
    const now = new Date(this.clock.now());
    const decided = await within
      .updateTable('act_requests')
      .set({ state, decided_by: personId, decided_at: now })
      .where('request_id', '=', requestId)
      .where('state', '=', 'waiting')
      .where('expires_at', '>', now)
      .$if(state === 'done', (query) =>
        query.where(({ eb, or, exists, selectFrom }) =>
          or([
            eb('asked_by', '=', OPERATOR),
            exists(
              selectFrom('person_roles')
                .select('person_id')
                .whereRef('person_roles.person_id', '=', 'act_requests.asked_by')
                .where('role', '=', 'operator-security'),
            ),
          ]),
        ),
      )
      .returning('request_id')
      .executeTakeFirst();
    if (!decided) throw new ConduitError('ACT_REQUEST_OVER');
    return now;
  }

  tell(agentId: string): Promise<void> {
    return this.broadcast.publish('fleet.changed', agentId);
  }

  async list(personId: string): Promise<ActRequests> {
    const waiting = await this.requests()
      .where('act_requests.state', '=', 'waiting')
      .where('expires_at', '>', new Date(this.clock.now()))
      .orderBy('asked_at')
      .execute();
    const decided = await this.requests()
      .where(({ eb, or }) =>
        or([
          eb('act_requests.state', '!=', 'waiting'),
          eb('expires_at', '<=', new Date(this.clock.now())),
        ]),
      )
      .orderBy('asked_at', 'desc')
      .limit(MOST_DECIDED)
      .execute();
    const view = (row: RequestRow) => this.toRequest(row, personId);
    return { waiting: waiting.map(view), decided: decided.map(view) };
  }

  /** The one that waits for a second person. */
  async ofAgent(agentId: string, personId: string): Promise<ActRequest | undefined> {
    const row = await this.requests()
      .where('act_requests.agent_id', '=', agentId)
      .where('act_requests.state', '=', 'waiting')
      .where('expires_at', '>', new Date(this.clock.now()))
      .executeTakeFirst();
    return row && this.toRequest(row, personId);
  }

  private requests() {
    return this.database
      .selectFrom('act_requests')
      .innerJoin('agents', 'agents.agent_id', 'act_requests.agent_id')
      .innerJoin('practices', 'practices.practice_id', 'agents.practice_id')
      .leftJoin('people as asker', 'asker.person_id', 'act_requests.asked_by')
      .leftJoin('people as decider', 'decider.person_id', 'act_requests.decided_by')
      .selectAll('act_requests')
      .select([
        'practices.name as practice_name',
        'asker.name as asker',
        'decider.name as decider',
      ]);
  }

  private toRequest(row: RequestRow, personId: string): ActRequest {
    const isOver = row.expires_at.getTime() <= this.clock.now();
    const isUndecided = row.state === 'waiting' || row.decided_by === null;
    return {
      requestId: row.request_id,
      act: row.act,
      agentId: row.agent_id,
      practiceName: row.practice_name,
      decision: row.decision,
      askedBy: row.asked_by === OPERATOR ? 'Whoever has the operator’s token' : (row.asker ?? ''),
      isOwn: row.asked_by === personId,
      askedAt: row.asked_at.toISOString(),
      expiresAt: row.expires_at.toISOString(),
      state: isUndecided && isOver ? 'expired' : row.state,
      ...given('decidedBy', row.decider),
      ...moment('decidedAt', row.decided_at),
    };
  }
}

type RequestRow = Awaited<ReturnType<ReturnType<ActRequestBook['requests']>['execute']>>[number];
