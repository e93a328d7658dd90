/** What came of holding the two sides' records against each other, the latest first. */
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { NoteReading } from '#apps/broker/src/activity/note-reading.js';
import { UNDER_WAY_MS } from '#apps/broker/src/reconciliation/begin-reconciliation.js';
import type { ReconciliationOutcome, Reconciliations } from '#libs/console-api/reconciliation.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';

const MOST_RUNS = 50;
const MOST_INCIDENTS = 200;

type Compared = { practiceId: string } | { agentId: string };

@Injectable()
export class ShowReconciliations {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly clock: Clock,
    private readonly reading: NoteReading,
  ) {}

  /**
   * @param of a practice, to its own people; an agent, to the operator's
   * @throws ConduitError AUDIT_UNAVAILABLE where it can't be recorded who looked
   */
  async execute(of: Compared, personId: string): Promise<Reconciliations> {
    if (!(await this.isNoted(of, personId))) return { runs: [], incidents: [] };
    const [column, id] =
      'agentId' in of
        ? (['agent_id', of.agentId] as const)
        : (['practice_id', of.practiceId] as const);
    const runs = await this.database
      .selectFrom('reconciliations')
      .selectAll()
      .where(column, '=', id)
      .orderBy('asked_at', 'desc')
      .limit(MOST_RUNS)
      .execute();
    const incidents = await this.database
      .selectFrom('reconciliation_incidents')
      .selectAll()
      .where(column, '=', id)
      .orderBy('found_at', 'desc')
      .limit(MOST_INCIDENTS)
      .execute();
    return {
      runs: runs.map((row) => ({
        reconciliationId: row.reconciliation_id,
        agentId: row.agent_id,
        askedAt: row.asked_at.toISOString(),
        from: row.window_from.toISOString(),
        to: row.window_to.toISOString(),
        byNight: row.asked_by === null,
        ...(row.ended_at && { endedAt: row.ended_at.toISOString() }),
        ...outcomeOf(row.outcome, row.asked_at.getTime() < this.clock.now() - UNDER_WAY_MS),
        matched: row.matched,
        undelivered: row.undelivered,
        pending: row.pending,
        mismatched: row.mismatched,
      })),
      incidents: incidents.map((row) => ({
        incidentId: row.incident_id,
        agentId: row.agent_id,
        foundAt: row.found_at.toISOString(),
        kind: row.kind,
        queryId: row.query_id,
        fields: row.fields?.split(' ') ?? [],
        ...(row.broker_record && { broker: sideOf(row.broker_leaf, row.broker_record) }),
        ...(row.settled_at && { settledAt: row.settled_at.toISOString() }),
        ...(row.agent_record && { agent: sideOf(row.agent_leaf, row.agent_record) }),
      })),
    };
  }

  /** Incidents hold whole records. @returns false: there is no such agent */
  private async isNoted(of: Compared, personId: string): Promise<boolean> {
    if ('practiceId' in of) {
      const reader = { kind: 'practice', practiceId: of.practiceId } as const;
      await this.reading.execute(reader, personId, { reconciliations: 'all' });
      return true;
    }
    const agent = await this.database
      .selectFrom('agents')
      .select('practice_id as practice')
      .where('agent_id', '=', of.agentId)
      .executeTakeFirst();
    if (!agent) return false;
    const matter = { reconciliations: of.agentId };
    // The practice is told that staff looked at its records.
    await this.reading.execute({ kind: 'operator' }, personId, matter, agent);
    return true;
  }
}

/** Without an end after its time: nobody had the agent's link. */
const outcomeOf = (outcome: ReconciliationOutcome | null, isOver: boolean) => {
  const told = outcome ?? (isOver ? 'unknown' : undefined);
  return told === undefined ? {} : { outcome: told };
};

const sideOf = (leaf: string | null, record: string) => ({
  ...(leaf !== null && { leaf: Number(leaf) }),
  record,
});
