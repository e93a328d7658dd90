import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';

import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { sitesOf, type SpeakingAgent } from '#apps/broker/src/grants/agent-sites.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type {
  DeclineAccessRequestMeta,
  OpenAccessRequest,
  OpenAccessRequests,
} from '#libs/grants/grant-messages.js';
import { Clock } from '#libs/kernel/clock.js';

/** The open requests of an agent's sites: who asks, for what; and a practice's no to one of them. */
@Injectable()
export class AccessRequests {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly audit: AuditTrail,
    private readonly broadcast: Broadcast,
    private readonly clock: Clock,
  ) {}

  async list(peer: SpeakingAgent): Promise<OpenAccessRequests> {
    const rows = await this.database
      .selectFrom('access_requests')
      .innerJoin('sites', 'sites.site_id', 'access_requests.site_id')
      .innerJoin('integrators', 'integrators.integrator_id', 'access_requests.integrator_id')
      .select(['access_request_id', 'access_requests.site_id', 'sites.name as site_name'])
      .select(['access_requests.integrator_id', 'integrators.name as integrator_name', 'abn'])
      .select(['asked', 'countries', 'access_requests.created_at'])
      .where('sites.agent_id', '=', peer.agentId)
      .where('sites.practice_id', '=', peer.practiceId)
      .where('access_requests.state', '=', 'pending')
      .orderBy('access_requests.created_at')
      .limit(1_000)
      .execute();
    const requests = rows.map((row): OpenAccessRequest => ({
      accessRequestId: row.access_request_id,
      siteId: row.site_id,
      siteName: row.site_name,
      integratorId: row.integrator_id,
      integratorName: row.integrator_name,
      ...(row.abn === null ? {} : { abn: row.abn }),
      asked: row.asked,
      countries: row.countries,
      createdAt: row.created_at.toISOString(),
    }));
    return { requests };
  }

  /** @throws ConduitError ACCESS_REQUEST_NOT_FOUND when it is not open or not of the agent's sites */
  async decline(peer: SpeakingAgent, decision: DeclineAccessRequestMeta): Promise<void> {
    const siteId = await this.database.transaction().execute(async (within) => {
      const own = (await sitesOf(within, peer)).map((site) => site.siteId);
      const row = await within
        .updateTable('access_requests')
        .set({
          state: 'declined',
          decline_reason: decision.reason,
          decided_at: new Date(this.clock.now()),
        })
        .where('access_request_id', '=', decision.accessRequestId)
        .where('state', '=', 'pending')
        .where('site_id', 'in', ['', ...own])
        .returning(['site_id', 'integrator_id'])
        .executeTakeFirst();
      if (!row) throw new ConduitError('ACCESS_REQUEST_NOT_FOUND');
      await this.audit.record(
        {
          type: 'access-request.declined',
          practice: peer.practiceId,
          site: row.site_id,
          agent: peer.agentId,
          integrator: row.integrator_id,
          reason: decision.reason,
        },
        within,
      );
      return row.site_id;
    });
    await this.broadcast.publish('grant.changed', siteId);
  }
}
