import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import type { SetUpdateWindowRequest } from '#libs/console-api/practice.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

/** When a server's agent may be updated, by the clock of its site. A wish: nothing here enforces it. */
@Injectable()
export class SetUpdateWindow {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly audit: AuditTrail,
  ) {}

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND for a server that is not the practice's */
  async execute(
    practiceId: string,
    { personId }: SignedInPerson,
    agentId: string,
    { window }: SetUpdateWindowRequest,
  ): Promise<void> {
    await this.database.transaction().execute(async (within) => {
      const zones = await within
        .selectFrom('agents')
        .innerJoin('practices', 'practices.practice_id', 'agents.practice_id')
        .leftJoin('sites', 'sites.agent_id', 'agents.agent_id')
        .leftJoin('site_hours', 'site_hours.site_id', 'sites.site_id')
        .select(['practices.time_zone as practice_zone', 'site_hours.time_zone as site_zone'])
        .where('agents.agent_id', '=', agentId)
        .where('agents.practice_id', '=', practiceId)
        .where('agents.state', '!=', 'revoked')
        .orderBy('sites.site_id')
        .execute();
      const [first] = zones;
      if (!first) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
      const timeZone = zones.find((row) => row.site_zone !== null)?.site_zone;
      const kept = window && {
        ...{ days: [...new Set(window.days)].sort(), from: window.from, to: window.to },
        timeZone: timeZone ?? first.practice_zone,
      };
      await within
        .updateTable('agents')
        .set({ update_window: kept ? JSON.stringify(kept) : null })
        .where('agent_id', '=', agentId)
        .execute();
      const record = { practice: practiceId, agent: agentId, actorRef: personId };
      await this.audit.record({ type: 'update-window.changed', ...record }, within);
    });
  }
}
