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
import { ReadAgentLog } from '#apps/broker/src/reconciliation/read-agent-log.js';
import { SiteRecords } from '#apps/broker/src/reconciliation/site-records.js';
import {
  reconcile,
  RECONCILE_SLACK_MS,
  type Mismatch,
  type Reconciled,
} from '#libs/audit/reconcile.js';
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
    private readonly records: SiteRecords,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
  ) {}

  /** @throws the store's error; an agent that does not answer is an outcome */
  async execute(
    order: ReconciliationOrder,
    client: Pick<LinkClient, 'request'> | undefined,
  ): Promise<ReconciliationEnd> {
    const { agentId } = order;
    // Both sides are read beyond the window's borders: their clocks and their waiting differ.
    const fromMs = order.fromMs - RECONCILE_SLACK_MS;
    const toMs = order.toMs + RECONCILE_SLACK_MS;
    const asked = client && this.agentLog.execute(agentId, client, { fromMs, toMs });
    const said = await asked?.catch(() => 'unknown' as const);
    if (said === 'unknown' || (!said && !client)) return this.end(order, order.toMs, 'unknown');
    if (!said) return this.end(order, order.toMs, 'unproven');
    const nowMs = this.clock.now();
    const agentKnownToMs = Math.min(said.knownToMs, nowMs);
    // No further than both sides can tell, so that nothing stays pending behind the window.
    const toldToMs = Math.min(order.toMs, agentKnownToMs - RECONCILE_SLACK_MS);
    if (toldToMs <= order.fromMs) return this.end(order, order.toMs, 'unknown');
    const standing = said.records
      .filter(({ record }) => record.lane === 'registered')
      .flatMap(({ record }) => record.queryId ?? []);
    const broker = [
      ...(await this.records.of(agentId, { fromMs, toMs })),
      ...(await this.records.standing([...new Set(standing)])),
    ];
    const result = reconcile({
      ...{ fromMs: order.fromMs, toMs: toldToMs, broker, agent: said.records },
      ...{ brokerKnownToMs: nowMs, agentKnownToMs },
    });
    return this.end(order, toldToMs, result.mismatches.length > 0 ? 'differs' : 'agrees', result);
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
      const { mismatches = [], ...counts } = result ?? {};
      await within
        .updateTable('reconciliations')
        .set({ ...counts, mismatched: mismatches.length, outcome, ended_at: at })
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
