import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import type { ChangeProfileRequest } from '#libs/console-api/practice.js';
import type { Database } from '#libs/db/schema.js';

/**
 * The clock that times are shown by, and days begin by, for everybody at the practice; and the days on
 * which it is closed.
 */
@Injectable()
export class ChangeProfile {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly audit: AuditTrail,
  ) {}

  async execute(
    practiceId: string,
    personId: string,
    { timeZone, closedDays }: ChangeProfileRequest,
  ): Promise<void> {
    await this.database.transaction().execute(async (within) => {
      await within
        .updateTable('practices')
        .set({ time_zone: timeZone })
        .$if(closedDays !== undefined, (update) =>
          update.set({ closed_days: JSON.stringify([...new Set(closedDays)].sort()) }),
        )
        .where('practice_id', '=', practiceId)
        .execute();
      const record = { type: 'practice.changed', practice: practiceId } as const;
      await this.audit.record({ ...record, actorRef: personId }, within);
    });
  }
}
