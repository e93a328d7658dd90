/** What came of holding the two sides' records against each other, the latest first. */
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { UNDER_WAY_MS } from '#apps/broker/src/reconciliation/begin-reconciliation.js';
import type { ReconciliationOutcome, Reconciliations } from '#libs/console-api/reconciliation.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';

const MOST_RUNS = 50;
const MOST_INCIDENTS = 200;

@Injectable()
export class ShowReconciliations {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly clock: Clock,
  ) {}

  /** @param of which practice or agent */
  async execute(of: { practiceId: string } | { agentId: string }): Promise<Reconciliations> {
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
