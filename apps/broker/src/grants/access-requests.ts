import { Injectable } from '@nestjs/common';
import { Kysely, type Transaction } from 'kysely';

import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { sitesOf, type SpeakingAgent } from '#apps/broker/src/grants/agent-sites.js';
import { namesAsked } from '#apps/broker/src/statements/statement-texts.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
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
    const open = this.open(peer.practiceId).where('sites.agent_id', '=', peer.agentId);
    return { requests: await this.named((await open.execute()).map(asRequest)) };
  }

  /** Open requests at any site of the practice. */
  async ofPractice(practiceId: string): Promise<OpenAccessRequest[]> {
    return (await this.open(practiceId).execute()).map(asRequest);
  }

  /** @throws ConduitError ACCESS_REQUEST_NOT_FOUND when it is not open or of another practice */
  async find(practiceId: string, accessRequestId: string): Promise<OpenAccessRequest> {
    const row = await this.open(practiceId)
      .where('access_request_id', '=', accessRequestId)
      .executeTakeFirst();
    if (!row) throw new ConduitError('ACCESS_REQUEST_NOT_FOUND');
    return asRequest(row);
  }

  /** @throws ConduitError ACCESS_REQUEST_NOT_FOUND when it is not open or not of the agent's sites */
  async decline(peer: SpeakingAgent, decision: DeclineAccessRequestMeta): Promise<void> {
    const { agentId: agent, practiceId: practice } = peer;
    await this.refuse(decision, { practice, agent }, async (within) =>
      (await sitesOf(within, peer)).map((site) => site.siteId),
    );
  }

  /**
   * A person of the practice says no in the console.
   * @throws ConduitError ACCESS_REQUEST_NOT_FOUND when it is not open or of another practice
   */
  async declineFor(
    practiceId: string,
    personId: string,
    decision: DeclineAccessRequestMeta,
  ): Promise<void> {
    await this.refuse(decision, { practice: practiceId, actorRef: personId }, async (within) => {
      const sites = within.selectFrom('sites').select('site_id');
      const own = await sites.where('practice_id', '=', practiceId).execute();
      return own.map((site) => site.site_id);
    });
  }

  /** With the names of the statements that are asked for. */
  private named(requests: OpenAccessRequest[]): Promise<OpenAccessRequest[]> {
    return Promise.all(
      requests.map(async (request) => {
        const { siteId, integratorId, asked } = request;
        const of = { siteIds: [siteId], integratorId, scopes: asked.scopes };
        const statements = await namesAsked(this.database, of);
        return statements.length === 0 ? request : { ...request, statements };
      }),
    );
  }

  private async refuse(
    decision: DeclineAccessRequestMeta,
    actor: Pick<AuditRecord, 'practice' | 'agent' | 'actorRef'>,
    sitesWithin: (within: Transaction<Database>) => Promise<string[]>,
  ): Promise<void> {
    const siteId = await this.database.transaction().execute(async (within) => {
      const own = await sitesWithin(within);
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
          ...actor,
          site: row.site_id,
          integrator: row.integrator_id,
          reason: decision.reason,
        },
        within,
      );
      return row.site_id;
    });
    await this.broadcast.publish('grant.changed', siteId);
  }

  private open(practiceId: string) {
    return this.database
      .selectFrom('access_requests')
      .innerJoin('sites', 'sites.site_id', 'access_requests.site_id')
      .innerJoin('integrators', 'integrators.integrator_id', 'access_requests.integrator_id')
      .select(['access_request_id', 'access_requests.site_id', 'sites.name as site_name'])
      .select(['access_requests.integrator_id', 'integrators.name as integrator_name', 'abn'])
      .select(['asked', 'countries', 'access_requests.created_at'])
      .where('sites.practice_id', '=', practiceId)
      .where('access_requests.state', '=', 'pending')
      .orderBy('access_requests.created_at')
      .limit(1_000);
  }
}

interface OpenRow {
  access_request_id: string;
  site_id: string;
  site_name: string;
  integrator_id: string;
  integrator_name: string;
  abn: string | null;
  asked: OpenAccessRequest['asked'];
  countries: string[];
  created_at: Date;
}

const asRequest = (row: OpenRow): OpenAccessRequest => ({
  accessRequestId: row.access_request_id,
  siteId: row.site_id,
  siteName: row.site_name,
  integratorId: row.integrator_id,
  integratorName: row.integrator_name,
  ...(row.abn === null ? {} : { abn: row.abn }),
  asked: row.asked,
  countries: row.countries,
  createdAt: row.created_at.toISOString(),
});
