import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { noteAct } from '#apps/broker/src/fleet/note-act.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

/** In which an agent has answered or will not. */
export const DIAGNOSIS_MS = 90_000;

/** Asks an agent's doctor, through whichever node holds its link. One at a time for an agent. */
@Injectable()
export class AskDiagnosis {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly audit: AuditTrail,
    private readonly broadcast: Broadcast,
    private readonly clock: Clock,
  ) {}

  /**
   * @param from of somebody of the practice the agent's timeline, which staff read, has no name
   * @returns the diagnosis's id, that of the one under way where there is one
   * @throws ConduitError CONSOLE_ENTRY_NOT_FOUND; SITE_OFFLINE where nobody could answer
   */
  async execute(
    { personId }: SignedInPerson,
    agentId: string,
    from: 'staff' | 'practice' = 'staff',
  ): Promise<string> {
    const { practiceId, state } = await this.require(agentId);
    if (state !== 'online' && state !== 'degraded') throw new ConduitError('SITE_OFFLINE');
    const now = new Date(this.clock.now());
    const { diagnosisId, isFresh } = await this.database.transaction().execute(async (within) => {
      // Two who ask at once: the second one sees what the first one began.
      await within
        .selectFrom('agent_health')
        .select('agent_id')
        .where('agent_id', '=', agentId)
        .forUpdate()
        .executeTakeFirst();
      const running = await within
        .selectFrom('agent_diagnoses')
        .select('diagnosis_id')
        .where('agent_id', '=', agentId)
        .where('ended_at', 'is', null)
        .where('asked_at', '>', new Date(now.getTime() - DIAGNOSIS_MS))
        .executeTakeFirst();
      if (running) return { diagnosisId: running.diagnosis_id, isFresh: false };
      const id = randomUUID();
      await within
        .insertInto('agent_diagnoses')
        .values({ diagnosis_id: id, agent_id: agentId, asked_by: personId, asked_at: now })
        .execute();
      const actorRef = from === 'staff' ? personId : null;
      await noteAct(within, { agentId, kind: 'diagnosed', actorRef, at: now });
      const about = { agent: agentId, practice: practiceId, actorRef: personId };
      await this.audit.record({ type: 'agent.diagnosed', ...about }, within);
      return { diagnosisId: id, isFresh: true };
    });
    // Not waited for: a diagnosis takes as long as the practice's database does.
    if (isFresh) void this.broadcast.publish('diagnosis.wanted', diagnosisId);
    return diagnosisId;
  }

  private async require(agentId: string) {
    const row = await this.database
      .selectFrom('agent_health as health')
      .innerJoin('agents', 'agents.agent_id', 'health.agent_id')
      .select(['health.state', 'agents.practice_id as practiceId'])
      .where('health.agent_id', '=', agentId)
      .executeTakeFirst();
    if (!row) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
    return row;
  }
}
