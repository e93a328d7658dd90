/**
 * Has agents' records held against the broker's, through whichever node has the agent's link; by somebody's wish, or by
 * night. One at a time for an agent.
 */
import { randomUUID } from 'node:crypto';
import {
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Kysely } from 'kysely';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { AttachedLinks } from '#apps/broker/src/gateway/attached-links.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import { comparedUntil } from '#apps/broker/src/reconciliation/compared-until.js';
import { ReconcileAgent } from '#apps/broker/src/reconciliation/reconcile-agent.js';
import { RECONCILE_SLACK_MS } from '#libs/audit/reconcile.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

const DAY_MS = 86_400_000;
/** In which one has ended or its node is gone. */
export const UNDER_WAY_MS = 10 * 60_000;

export const reconciliationWindow = {
  /** From where the last one ended; what is longer ago is said to be not compared. */
  mostMs: 30 * DAY_MS,
  /** For the first one, and for one that somebody asks for. */
  usualMs: DAY_MS,
} as const;

@Injectable()
export class BeginReconciliation implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private unsubscribe: (() => void) | undefined;

  constructor(
    private readonly database: Kysely<Database>,
    private readonly attached: AttachedLinks,
    private readonly broadcast: Broadcast,
    private readonly reconcile: ReconcileAgent,
    private readonly log: EventLog,
  ) {}

  onApplicationBootstrap(): void {
    this.unsubscribe = this.broadcast.subscribe('reconciliation.wanted', (id) => void this.run(id));
  }

  beforeApplicationShutdown(): void {
    this.unsubscribe?.();
  }

  /**
   * @param asked of a practice, only its own agent; `personId` of nobody: by night
   * @returns its id, or that of the one under way
   * @throws ConduitError CONSOLE_ENTRY_NOT_FOUND for an agent that is not there
   */
  async execute(
    agentId: string,
    asked: { personId: string | null; practiceId?: string; nowMs: number },
  ): Promise<string> {
    const { personId, practiceId, nowMs } = asked;
    const agent = await this.database
      .selectFrom('agents')
      .select('practice_id')
      .where('agent_id', '=', agentId)
      .where('state', '=', 'active')
      .$if(practiceId !== undefined, (query) => query.where('practice_id', '=', practiceId!))
      .executeTakeFirst();
    if (!agent) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
    const running = await this.database
      .selectFrom('reconciliations')
      .select('reconciliation_id')
      .where('agent_id', '=', agentId)
      .where('ended_at', 'is', null)
      .where('asked_at', '>', new Date(nowMs - UNDER_WAY_MS))
      .executeTakeFirst();
    if (running) return running.reconciliation_id;
    const toMs = nowMs - RECONCILE_SLACK_MS;
    const usualMs = toMs - reconciliationWindow.usualMs;
    const fromMs = personId === null ? await this.continued(agentId, toMs, usualMs) : usualMs;
    const reconciliationId = randomUUID();
    await this.database
      .insertInto('reconciliations')
      .values({
        ...{ reconciliation_id: reconciliationId, agent_id: agentId },
        ...{ practice_id: agent.practice_id, asked_by: personId, asked_at: new Date(nowMs) },
        ...{ window_from: new Date(fromMs), window_to: new Date(toMs) },
      })
      .execute();
    // Not waited for: it takes as long as the practice's line does.
    void this.broadcast.publish('reconciliation.wanted', reconciliationId);
    return reconciliationId;
  }

  /** Nights follow on one another, so that nothing falls between them. */
  private async continued(agentId: string, toMs: number, usualMs: number): Promise<number> {
    const fromMs = (await comparedUntil(this.database, agentId)) ?? usualMs;
    return Math.max(fromMs, toMs - reconciliationWindow.mostMs);
  }

  /** Never rejects. Nodes without the agent's link leave it alone; nobody has it: it stays without an end. */
  async run(reconciliationId: string): Promise<void> {
    try {
      const row = await this.database
        .selectFrom('reconciliations')
        .selectAll()
        .where('reconciliation_id', '=', reconciliationId)
        .where('ended_at', 'is', null)
        .executeTakeFirst();
      const link = row && this.attached.newest(row.agent_id);
      if (!row || !link) return;
      const { agent_id: agentId, practice_id: practiceId, asked_by: askedBy } = row;
      const window = { fromMs: row.window_from.getTime(), toMs: row.window_to.getTime() };
      const order = { reconciliationId, agentId, practiceId, askedBy, ...window };
      await this.reconcile.execute(order, link.client);
    } catch {
      this.log.write('store.unavailable', { what: 'fleet' });
    }
  }
}
