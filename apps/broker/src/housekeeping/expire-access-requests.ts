import { Injectable } from '@nestjs/common';
import { Kysely, type Transaction } from 'kysely';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { RunsJob } from '#apps/broker/src/jobs/runs-job.decorator.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';
import type { JobHandler } from '#libs/queue/job-handlers.js';
import type { JobName } from '#libs/queue/jobs.js';

export const accessRequestLifeMs = 30 * 86_400_000;
/** Beside the reasons a practice may give: nobody decided. */
export const expiredReason = 'expired';
/** Requests in one transaction. The embedded store has one session: others wait for its end. */
const BATCH = 100;

interface ExpiredRequest {
  site_id: string;
  integrator_id: string;
  practice_id: string;
}

/**
 * Declines access requests that a practice left undecided for thirty days: an integrator may ask
 * again with a new code, and nobody approves by accident what was asked last season. A decision made
 * meanwhile stands. Each is recorded in the transaction that makes it, or not made.
 */
@RunsJob()
@Injectable()
export class ExpireAccessRequests implements JobHandler<JobName> {
  readonly job = 'access-request.expire';

  constructor(
    private readonly database: Kysely<Database>,
    private readonly audit: AuditTrail,
    private readonly broadcast: Broadcast,
    private readonly clock: Clock,
  ) {}

  async execute(): Promise<void> {
    let expired: ExpiredRequest[];
    do {
      expired = await this.database.transaction().execute((within) => this.expire(within));
      for (const siteId of new Set(expired.map((request) => request.site_id))) {
        await this.broadcast.publish('grant.changed', siteId);
      }
    } while (expired.length === BATCH);
  }

  private async expire(within: Transaction<Database>): Promise<ExpiredRequest[]> {
    const now = this.clock.now();
    const due = within
      .selectFrom('access_requests')
      .select('access_request_id')
      .where('state', '=', 'pending')
      .where('created_at', '<', new Date(now - accessRequestLifeMs))
      .orderBy('created_at')
      .limit(BATCH);
    const expired = await within
      .updateTable('access_requests')
      .from('sites')
      .set({ state: 'declined', decline_reason: expiredReason, decided_at: new Date(now) })
      .whereRef('sites.site_id', '=', 'access_requests.site_id')
      .where('access_request_id', 'in', due)
      // Again, for a practice may decide while this statement waits for the row.
      .where('access_requests.state', '=', 'pending')
      .returning(['access_requests.site_id', 'access_requests.integrator_id', 'sites.practice_id'])
      .execute();
    for (const request of expired) await this.record(within, request);
    return expired;
  }

  private record(within: Transaction<Database>, request: ExpiredRequest): Promise<void> {
    return this.audit.record(
      {
        type: 'access-request.declined',
        practice: request.practice_id,
        site: request.site_id,
        integrator: request.integrator_id,
        reason: expiredReason,
      },
      within,
    );
  }
}
