/**
 * Holds one agent's records against the broker's, where this node has the agent's link. What contradicts
 * itself becomes an incident with both records; an agent that cannot be reached becomes none: its time is
 * told the next time. One that is there and does not show its log has to be looked at.
 */
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import {
  EndReconciliation,
  type ReconciliationEnd,
  type ReconciliationOrder,
} from '#apps/broker/src/reconciliation/end-reconciliation.js';
import { HoldStep } from '#apps/broker/src/reconciliation/hold-step.js';
import { ReadAgentLog } from '#apps/broker/src/reconciliation/read-agent-log.js';
import {
  reconcileInSteps,
  type RecordSpan,
  type StepSource,
} from '#libs/audit/reconcile-in-steps.js';
import type { Database } from '#libs/db/schema.js';
import type { ErrorCode } from '#libs/errors/catalogue.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';
import type { LinkClient } from '#libs/link/link-client.js';

/** It was not reached, or not for long enough. An agent that does this every night is told of by its nights. */
const unreached: readonly ErrorCode[] = [
  'LINK_CLOSED',
  'LINK_REFUSED',
  'EXECUTION_TIMEOUT',
  'CLIENT_GONE',
];

export const isUnreached = ({ code }: ConduitError): boolean => unreached.includes(code);

type Stop = 'unknown' | 'unproven';

@Injectable()
export class ReconcileAgent {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly agentLog: ReadAgentLog,
    private readonly hold: HoldStep,
    private readonly end: EndReconciliation,
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
    if (stop === 'unproven') return this.end.execute(order, toMs, 'unproven', stepped);
    if (toldToMs <= fromMs)
      return this.end.execute(order, toMs, isUnfinished ? 'unfinished' : 'unknown');
    const whole = isUnfinished ? 'unfinished' : 'agrees';
    return this.end.execute(order, toldToMs, mismatches.length > 0 ? 'differs' : whole, stepped);
  }

  private sourceOf(
    agentId: string,
    client: Pick<LinkClient, 'request'> | undefined,
  ): StepSource<Stop> {
    return {
      nowMs: () => this.clock.now(),
      read: async (span, most) => {
        if (!client) return 'unknown';
        try {
          const said = await this.agentLog.execute(agentId, client, { ...span, most });
          return said ?? 'unproven';
        } catch (error) {
          // The store's own, and nothing that the agent said.
          if (!(error instanceof ConduitError)) throw error;
          return isUnreached(error) ? 'unknown' : this.refused(agentId, span);
        }
      },
      judge: (step, agent) =>
        this.hold.execute(agentId, { ...step, brokerKnownToMs: this.clock.now() }, agent),
    };
  }

  /** It is there and shows no log: damaged, deleted or hidden. Who has run nothing has none to show. */
  private async refused(agentId: string, span: RecordSpan): Promise<Stop> {
    const kept = await this.database
      .selectFrom('agent_logs')
      .select(['size', 'alarm'])
      .where('agent_id', '=', agentId)
      .executeTakeFirst();
    // The broker takes no head of it, and somebody was told.
    if (kept?.alarm) return 'unknown';
    if (Number(kept?.size ?? 0) > 0) return 'unproven';
    return (await this.hold.didRun(agentId, span)) ? 'unproven' : 'unknown';
  }
}
