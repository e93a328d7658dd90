/**
 * An agent that could not be compared for several nights, and ran queries between them: it is there by day, and
 * away, too slow or never done whenever its log is asked for. That ends as unproven, so that staff are told.
 */
import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { EndReconciliation } from '#apps/broker/src/reconciliation/end-reconciliation.js';
import { HoldStep } from '#apps/broker/src/reconciliation/hold-step.js';
import { openLogAlarms } from '#apps/broker/src/reconciliation/open-log-alarms.js';
import type { RecordSpan } from '#libs/audit/reconcile-in-steps.js';
import type { ReconciliationOutcome } from '#libs/console-api/reconciliation.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';

/** A server may be off for a weekend's nights. */
const MOST_MISSED = 3;

/** Without an end: no node had its link. */
const missed: readonly (ReconciliationOutcome | null)[] = [null, 'unknown', 'unfinished'];

@Injectable()
export class NoteMissedNights {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly hold: HoldStep,
    private readonly end: EndReconciliation,
    private readonly clock: Clock,
  ) {}

  /** To be called before the next night begins. */
  async execute(agentId: string): Promise<void> {
    const nights = await this.database
      .selectFrom('reconciliations')
      .select(['practice_id', 'window_to', 'outcome'])
      .where('agent_id', '=', agentId)
      .where('asked_by', 'is', null)
      .orderBy('asked_at', 'desc')
      .limit(MOST_MISSED)
      .execute();
    const isMissed = nights.every(({ outcome }) => missed.includes(outcome));
    const [last, first] = [nights[0], nights[MOST_MISSED - 1]];
    if (!isMissed || !last || !first || (await this.isAlarmed(agentId))) return;
    const span = { fromMs: first.window_to.getTime(), toMs: last.window_to.getTime() };
    if (await this.hold.didRun(agentId, span)) await this.note(agentId, last.practice_id, span);
  }

  private async note(agentId: string, practiceId: string, span: RecordSpan): Promise<void> {
    const reconciliationId = randomUUID();
    const row = { reconciliation_id: reconciliationId, agent_id: agentId, practice_id: practiceId };
    const window = { window_from: new Date(span.fromMs), window_to: new Date(span.toMs) };
    await this.database
      .insertInto('reconciliations')
      .values({ ...row, ...window, asked_by: null, asked_at: new Date(this.clock.now()) })
      .execute();
    const order = { reconciliationId, agentId, practiceId, askedBy: null, ...span };
    await this.end.execute(order, span.toMs, 'unproven');
  }

  private async isAlarmed(agentId: string): Promise<boolean> {
    const open = await openLogAlarms(this.database)
      .where('agent_id', '=', agentId)
      .where('about', '<>', 'audit-log')
      .executeTakeFirst();
    return open !== undefined;
  }
}
