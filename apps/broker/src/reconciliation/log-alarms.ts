/**
 * Alarms of the logs about one agent, and their end: a security officer has looked, says why, and both
 * heads that contradict each other are kept for good. Of an agent's own log the broker then takes the
 * next head as a new beginning, under whatever key the agent's identity key vouches for: that is the way
 * out after a server's folder was restored. What an agent found in the broker's log ends there alone.
 */
import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Kysely, type Transaction } from 'kysely';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { noteAct } from '#apps/broker/src/fleet/note-act.js';
import { StepUps } from '#apps/broker/src/people/step-ups.js';
import { openLogAlarms } from '#apps/broker/src/reconciliation/open-log-alarms.js';
import type {
  LogAlarmOf,
  LogAlarms,
  SettleLogAlarmRequest,
} from '#libs/console-api/reconciliation.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

const MOST_SETTLED = 50;

interface Heads {
  kept_head?: string;
  other_head?: string;
}

@Injectable()
export class LogAlarmBook {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly stepUps: StepUps,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
  ) {}

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND */
  async list(agentId: string): Promise<LogAlarms> {
    await this.practiceOf(this.database, agentId);
    const open = await openLogAlarms(this.database).where('agent_id', '=', agentId).execute();
    const settled = await this.database
      .selectFrom('log_settlements')
      .leftJoin('people', 'people.person_id', 'log_settlements.settled_by')
      .selectAll('log_settlements')
      .select('people.name')
      .where('agent_id', '=', agentId)
      .orderBy('settled_at', 'desc')
      .limit(MOST_SETTLED)
      .execute();
    return {
      open: open.map(({ about, alarm, since, incidents }) => ({
        ...{ about, alarm, since: since.toISOString() },
        ...(incidents > 0 && { incidents }),
      })),
      settled: settled.map((row) => ({
        ...{ about: row.about, alarm: row.alarm, since: row.alarmed_at.toISOString() },
        ...(row.incidents > 0 && { incidents: row.incidents }),
        ...{ reason: row.reason, settledAt: row.settled_at.toISOString() },
        ...(row.name !== null && { settledBy: row.name }),
        ...(row.kept_head !== null && { keptHead: row.kept_head }),
        ...(row.other_head !== null && { otherHead: row.other_head }),
      })),
    };
  }

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND, STEP_UP_REFUSED, ACT_NOT_POSSIBLE, AUDIT_UNAVAILABLE */
  async settle(
    person: SignedInPerson,
    agentId: string,
    { about, reason, stepUp }: SettleLogAlarmRequest,
  ): Promise<void> {
    const practice = await this.practiceOf(this.database, agentId);
    await this.stepUps.require(
      person,
      { type: 'log-alarm.settle', agentId, about, reason },
      stepUp,
    );
    const at = new Date(this.clock.now());
    const { personId } = person;
    await this.database.transaction().execute(async (within) => {
      const alarm = await openLogAlarms(within)
        .where('agent_id', '=', agentId)
        .where('about', '=', about)
        .executeTakeFirst();
      const heads = alarm && (await endOf[about](within, agentId, at));
      if (!heads) throw new ConduitError('ACT_NOT_POSSIBLE');
      await within
        .insertInto('log_settlements')
        .values({
          ...{ settlement_id: randomUUID(), agent_id: agentId, about, alarm: alarm.alarm },
          ...{ alarmed_at: alarm.since, incidents: alarm.incidents, ...heads },
          ...{ reason, settled_by: personId, settled_at: at },
        })
        .execute();
      const act = { agentId, kind: 'log-alarm-settled', actorRef: personId, at } as const;
      await noteAct(within, { ...act, cause: alarm.alarm });
      await this.audit.record(
        {
          ...{ type: 'log-alarm.settled', practice, agent: agentId, outcome: 'successful' },
          ...{ reason: about, actorRef: personId },
        },
        within,
      );
    });
  }

  private async practiceOf(database: Kysely<Database>, agentId: string): Promise<string> {
    const agent = await database
      .selectFrom('agents')
      .select('practice_id')
      .where('agent_id', '=', agentId)
      .executeTakeFirst();
    if (!agent) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
    return agent.practice_id;
  }
}

/** @returns undefined: somebody else has ended it meanwhile */
type End = (within: Transaction<Database>, agentId: string, at: Date) => Promise<Heads | undefined>;

const endOf: Record<LogAlarmOf, End> = {
  'audit-log': async (within, agentId, at) => {
    const ended = await within
      .updateTable('audit_witnesses')
      .set({ settled_at: at })
      .where('agent_id', '=', agentId)
      .where('alarm', 'is not', null)
      .where('settled_at', 'is', null)
      .returning('agent_id')
      .executeTakeFirst();
    return ended && {};
  },
  // Its next head begins anew.
  'agent-log': async (within, agentId) => {
    const ended = await within
      .deleteFrom('agent_logs')
      .where('agent_id', '=', agentId)
      .where('alarm', 'is not', null)
      .returning(['signed', 'alarm_evidence'])
      .executeTakeFirst();
    if (!ended) return undefined;
    const { signed, alarm_evidence: evidence } = ended;
    return { kept_head: signed, ...(evidence !== null && { other_head: evidence }) };
  },
  records: async (within, agentId, at) => {
    const incidents = await within
      .updateTable('reconciliation_incidents')
      .set({ settled_at: at })
      .where('agent_id', '=', agentId)
      .where('settled_at', 'is', null)
      .returning('incident_id')
      .execute();
    const unproven = await within
      .updateTable('reconciliations')
      .set({ settled_at: at })
      .where('agent_id', '=', agentId)
      .where('outcome', '=', 'unproven')
      .where('settled_at', 'is', null)
      .returning('reconciliation_id')
      .execute();
    return incidents.length + unproven.length > 0 ? {} : undefined;
  },
};
