/**
 * The end of a registered query, whatever it came by. The registry, the audit and the event go
 * together: a query ends once, and everybody concerned is told once.
 */
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { auditSubject, type RegisteredRow } from '#apps/broker/src/registered/registered-row.js';
import { tellIntegrator } from '#apps/broker/src/registered/tell-integrator.js';
import { WaitingRequests } from '#apps/broker/src/registered/waiting-requests.js';
import { WebhookEvents } from '#apps/broker/src/webhooks/webhook-events.port.js';
import type { Database } from '#libs/db/schema.js';
import type { ErrorCode } from '#libs/errors/catalogue.js';
import { Clock } from '#libs/kernel/clock.js';

type EndState = Exclude<RegisteredRow['state'], 'enabled'>;

/** Ends in one transaction. The embedded database has one session: others wait for its end. */
const BATCH = 100;

@Injectable()
export class EndRegistered {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly audit: AuditTrail,
    private readonly waiting: WaitingRequests,
    private readonly webhooks: WebhookEvents,
    private readonly clock: Clock,
  ) {}

  /** By its integrator. @returns false when it had ended before */
  async cancel(row: RegisteredRow, requestId: string): Promise<boolean> {
    const [ended] = await this.end([row.registered_id], 'cancelled', (within, gone) =>
      this.audit.record(
        { type: 'registered.cancelled', ...auditSubject(gone), requestId, outcome: 'successful' },
        within,
      ),
    );
    return ended !== undefined;
  }

  /** Because it can not go on: the agent does not have it, or the permission is gone. */
  async giveUp(id: string, state: EndState, code: ErrorCode): Promise<void> {
    await this.end(
      [id],
      state,
      (within, gone) =>
        this.audit.record(
          { type: 'registered.ended', ...auditSubject(gone), outcome: 'failed', errorCode: code },
          within,
        ),
      code,
    );
  }

  /** Those whose time is over. @returns how many there were */
  async completeDue(): Promise<number> {
    const due = await this.database
      .selectFrom('registered_queries')
      .select('registered_id')
      .where('state', '=', 'enabled')
      .where('ends_at', '<=', new Date(this.clock.now()))
      .limit(BATCH)
      .execute();
    if (due.length === 0) return 0;
    const ids = due.map(({ registered_id }) => registered_id);
    const ended = await this.end(ids, 'completed', (within, gone) =>
      this.audit.record(
        { type: 'registered.ended', ...auditSubject(gone), outcome: 'successful' },
        within,
      ),
    );
    return ended.length;
  }

  private async end(
    ids: string[],
    state: EndState,
    record: (within: Parameters<AuditTrail['record']>[1], row: RegisteredRow) => Promise<void>,
    code?: ErrorCode,
  ): Promise<RegisteredRow[]> {
    const nowMs = this.clock.now();
    const now = new Date(nowMs);
    const ended = await this.database.transaction().execute(async (within) => {
      const rows = await within
        .updateTable('registered_queries')
        .set({ state, completed_at: now, updated_at: now, next_run_at: null })
        .$if(code !== undefined, (update) => update.set({ error_code: code as string }))
        .where('registered_id', 'in', ids)
        // Again, for another node may end or renew it while this statement waits for the row.
        .where('state', '=', 'enabled')
        .$if(state === 'completed', (update) => update.where('ends_at', '<=', now))
        .returningAll()
        .execute();
      for (const row of rows) await record(within, row);
      return rows;
    });
    for (const row of ended) tellIntegrator(this.webhooks, 'registered.ended', row, nowMs);
    await Promise.all(ended.map((row) => this.waiting.drop(row)));
    return ended;
  }
}
