/**
 * Holds one agent's records against the broker's, where this node has the agent's link. What contradicts
 * itself becomes an incident with both records; an agent that cannot be asked becomes none: its time is
 * told the next time.
 */
import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Kysely, type Transaction } from 'kysely';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { noteAct } from '#apps/broker/src/fleet/note-act.js';
import { HoldStep } from '#apps/broker/src/reconciliation/hold-step.js';
import { ReadAgentLog } from '#apps/broker/src/reconciliation/read-agent-log.js';
import type { Mismatch, Reconciled } from '#libs/audit/reconcile.js';
import { reconcileInSteps, type StepSource } from '#libs/audit/reconcile-in-steps.js';
import type { ReconciliationOutcome } from '#libs/console-api/reconciliation.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';
import type { LinkClient } from '#libs/link/link-client.js';

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
export class ReconcileAgent {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly agentLog: ReadAgentLog,
    private readonly hold: HoldStep,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
  ) {}

  /** @throws the store's error; an agent that does not answer is an outcome */
  async execute(
    order: ReconciliationOrder,
    client: Pick<LinkClient, 'request'> | undefined,
  ): Promise<ReconciliationEnd> {
    const { agentId, fromMs, toMs } = order;
    const stepped = await reconcileInSteps({ fromMs, toMs }, this.sourceOf(agentId, client));
    const { toldToMs, mismatches, isUnfinished, stop } = stepped;
    if (stop === 'unproven') return this.end(order, toMs, 'unproven', stepped);
    if (toldToMs <= fromMs) return this.end(order, toMs, isUnfinished ? 'unfinished' : 'unknown');
    const whole = isUnfinished ? 'unfinished' : 'agrees';
    return this.end(order, toldToMs, mismatches.length > 0 ? 'differs' : whole, stepped);
  }

  private sourceOf(
    agentId: string,
    client: Pick<LinkClient, 'request'> | undefined,
  ): StepSource<'unknown' | 'unproven'> {
    return {
      nowMs: () => this.clock.now(),
      read: async (span, most) => {
        const asked = client && this.agentLog.execute(agentId, client, { ...span, most });
        const said = await asked?.catch(() => 'unknown' as const);
        return said ?? (client ? 'unproven' : 'unknown');
      },
      judge: (step, agent) =>
        this.hold.execute(agentId, { ...step, brokerKnownToMs: this.clock.now() }, agent),
    };
  }

  private end(
    order: ReconciliationOrder,
    toldToMs: number,
    outcome: ReconciliationOutcome,
    result?: Reconciled,
  ): Promise<ReconciliationEnd> {
    const { agentId, practiceId, askedBy, reconciliationId } = order;
    const at = new Date(this.clock.now());
    return this.database.transaction().execute(async (within) => {
      const { mismatches = [], matched = 0, undelivered = 0, pending = 0 } = result ?? {};
      await within
        .updateTable('reconciliations')
        .set({
          matched,
          undelivered,
          pending,
          mismatched: mismatches.length,
          outcome,
          ended_at: at,
        })
        .set({ window_to: new Date(toldToMs) })
        .where('reconciliation_id', '=', reconciliationId)
        .execute();
      const found = await this.keep(within, order, mismatches, at);
      if (found > 0 || outcome === 'unproven') {
        const act = { agentId, kind: 'records-differ', actorRef: null, at } as const;
        await noteAct(within, { ...act, cause: outcome });
      }
      if (outcome !== 'unknown') {
        const about = { practice: practiceId, agent: agentId, reason: outcome };
        const ended = outcome === 'agrees' ? 'successful' : 'failed';
        const by = askedBy === null ? {} : { actorRef: askedBy };
        await this.audit.record(
          { type: 'audit.reconciled', ...about, outcome: ended, ...by },
          within,
        );
      }
      return { outcome, found };
    });
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
