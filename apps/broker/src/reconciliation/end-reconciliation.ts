/**
 * What came of holding the two sides' records against each other, in one transaction: the end, the incidents with both
 * records, the act in the agent's timeline, the record. Whoever watches is told of what was not known before.
 */
import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Kysely, type Transaction } from 'kysely';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { noteAct } from '#apps/broker/src/fleet/note-act.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import { comparedUntil, toldOutcomes } from '#apps/broker/src/reconciliation/compared-until.js';
import type { Mismatch, Reconciled } from '#libs/audit/reconcile.js';
import type { ReconciliationOutcome } from '#libs/console-api/reconciliation.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';

export interface ReconciliationOrder {
  reconciliationId: string;
  agentId: string;
  practiceId: string;
  askedBy: string | null;
  fromMs: number;
  toMs: number;
}

export interface ReconciliationEnd {
  outcome: ReconciliationOutcome;
  /** Incidents that were not known before. */
  found: number;
}

@Injectable()
export class EndReconciliation {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
    private readonly log: EventLog,
    private readonly broadcast: Broadcast,
  ) {}

  /** @throws the store's error */
  async execute(
    order: ReconciliationOrder,
    toldToMs: number,
    outcome: ReconciliationOutcome,
    result?: Reconciled,
  ): Promise<ReconciliationEnd> {
    const { agentId, askedBy, reconciliationId } = order;
    const at = new Date(this.clock.now());
    const { found, isNew } = await this.database.transaction().execute(async (within) => {
      const { mismatches = [], matched = 0, undelivered = 0, pending = 0 } = result ?? {};
      if (askedBy === null && toldOutcomes.includes(outcome)) await this.keepGap(within, order, at);
      const wasAlarmed = outcome === 'unproven' && (await isAlarmed(within, agentId));
      await within
        .updateTable('reconciliations')
        .set({
          ...{ matched, undelivered, pending, mismatched: mismatches.length },
          ...{ outcome, ended_at: at, window_to: new Date(toldToMs) },
        })
        .where('reconciliation_id', '=', reconciliationId)
        .execute();
      const found = await this.keep(within, order, mismatches, at);
      const isNew = found > 0 || (outcome === 'unproven' && !wasAlarmed);
      if (isNew) {
        const act = { agentId, kind: 'records-differ', actorRef: null, at } as const;
        await noteAct(within, { ...act, cause: outcome });
      }
      if (outcome !== 'unknown') await this.record(within, order, outcome);
      return { found, isNew };
    });
    if (isNew) {
      this.log.write('audit.mismatched', { agentId, outcome, found });
      await this.broadcast.publish('fleet.changed', agentId);
    }
    return { outcome, found };
  }

  private record(
    within: Transaction<Database>,
    { agentId, practiceId, askedBy }: ReconciliationOrder,
    outcome: ReconciliationOutcome,
  ): Promise<void> {
    const about = { practice: practiceId, agent: agentId, reason: outcome };
    const ended = outcome === 'agrees' ? 'successful' : 'failed';
    const by = askedBy === null ? {} : { actorRef: askedBy };
    return this.audit.record({ type: 'audit.reconciled', ...about, outcome: ended, ...by }, within);
  }

  /** Between the last night and this one lies what was too long ago to be asked for: that stays said. */
  private async keepGap(
    within: Transaction<Database>,
    order: ReconciliationOrder,
    at: Date,
  ): Promise<void> {
    const { agentId, practiceId, fromMs } = order;
    const untilMs = await comparedUntil(within, agentId);
    if (untilMs === undefined || untilMs >= fromMs) return;
    await within
      .insertInto('reconciliations')
      .values({
        ...{ reconciliation_id: randomUUID(), agent_id: agentId, practice_id: practiceId },
        ...{ asked_by: null, asked_at: at, ended_at: at, outcome: 'unfinished' },
        ...{ window_from: new Date(untilMs), window_to: new Date(fromMs) },
      })
      .execute();
    await this.record(within, order, 'unfinished');
  }

  private async keep(
    within: Transaction<Database>,
    { agentId, practiceId, reconciliationId }: ReconciliationOrder,
    mismatches: readonly Mismatch[],
    at: Date,
  ): Promise<number> {
    let found = 0;
    for (const { kind, queryId, fields, broker, agent } of mismatches) {
      const known = await within
        .insertInto('reconciliation_incidents')
        .values({
          ...{ incident_id: randomUUID(), reconciliation_id: reconciliationId, found_at: at },
          ...{ practice_id: practiceId, agent_id: agentId, kind, query_id: queryId },
          fields: fields?.join(' ') ?? null,
          broker_leaf: broker && broker.index >= 0 ? broker.index : null,
          broker_record: broker?.text ?? null,
          agent_leaf: agent?.index ?? null,
          agent_record: agent?.text ?? null,
        })
        .onConflict((conflict) => conflict.columns(['agent_id', 'kind', 'query_id']).doNothing())
        .executeTakeFirst();
      found += Number(known.numInsertedOrUpdatedRows ?? 0n);
    }
    return found;
  }
}

/** That its log proves nothing was told of, and nobody has settled it. */
async function isAlarmed(within: Transaction<Database>, agentId: string): Promise<boolean> {
  const open = await within
    .selectFrom('reconciliations')
    .select('reconciliation_id')
    .where('agent_id', '=', agentId)
    .where('outcome', '=', 'unproven')
    .where('settled_at', 'is', null)
    .executeTakeFirst();
  return open !== undefined;
}
