import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import type { OpeningHours } from '#libs/console-api/operator.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

/** When a site is there to be missed. Without windows it always is. */
@Injectable()
export class SetSiteHours {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly audit: AuditTrail,
    private readonly broadcast: Broadcast,
    private readonly clock: Clock,
  ) {}

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND */
  async execute({ personId }: SignedInPerson, siteId: string, hours: OpeningHours): Promise<void> {
    const agentId = await this.database.transaction().execute(async (within) => {
      const site = await within
        .selectFrom('sites')
        .select(['practice_id', 'agent_id'])
        .where('site_id', '=', siteId)
        .executeTakeFirst();
      if (!site) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
      const { timeZone, windows } = hours;
      const values = {
        time_zone: timeZone,
        windows: JSON.stringify(windows.map(({ days, from, to }) => ({ days, from, to }))),
        updated_at: new Date(this.clock.now()),
      };
      await within
        .insertInto('site_hours')
        .values({ site_id: siteId, ...values })
        .onConflict((conflict) => conflict.column('site_id').doUpdateSet(values))
        .execute();
      const about = { site: siteId, practice: site.practice_id, actorRef: personId };
      await this.audit.record({ type: 'site-hours.changed', ...about }, within);
      return site.agent_id;
    });
    if (agentId !== null) await this.broadcast.publish('fleet.changed', agentId);
  }
}
