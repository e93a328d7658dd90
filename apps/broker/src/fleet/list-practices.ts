import { Injectable } from '@nestjs/common';
import { Kysely, sql } from 'kysely';
import { containing } from '#apps/broker/src/fleet/containing.js';
import { given } from '#apps/broker/src/fleet/fleet-agent.js';
import type { PracticeFile, PracticeLine, PracticePage } from '#libs/console-api/operator.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

export const REGISTRY_PAGE_SIZE = 50;

/** Practices as staff see them: organisations, sites and counts; of their people whether there are any. */
@Injectable()
export class ListPractices {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly clock: Clock,
  ) {}

  async execute(search: string, page: number): Promise<PracticePage> {
    const pattern = containing(search.trim());
    const rows = await this.lines()
      .where('practices.name', 'ilike', pattern)
      .orderBy(sql`lower(practices.name)`)
      .orderBy('practices.practice_id')
      .offset((page - 1) * REGISTRY_PAGE_SIZE)
      .limit(REGISTRY_PAGE_SIZE)
      .execute();
    const { count } = await this.database
      .selectFrom('practices')
      .select(({ fn }) => fn.countAll<string>().as('count'))
      .where('name', 'ilike', pattern)
      .executeTakeFirstOrThrow();
    const total = Number(count);
    return { practices: rows.map(toLine), page, pageSize: REGISTRY_PAGE_SIZE, total };
  }

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND */
  async find(practiceId: string): Promise<PracticeFile> {
    const row = await this.lines()
      .where('practices.practice_id', '=', practiceId)
      .executeTakeFirst();
    if (!row) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
    return {
      ...toLine(row),
      siteList: await this.sitesOf(practiceId),
      openCodes: await this.codesOf(practiceId),
      openInvitations: await this.invitationsOf(practiceId),
    };
  }

  private lines() {
    const countOf = (table: 'sites' | 'agents') => sql<number>`(select count(*)::integer
      from ${sql.table(table)} as counted where counted.practice_id = practices.practice_id)`;
    return this.database
      .selectFrom('practices')
      .select(['practices.practice_id', 'practices.name', 'practices.created_at'])
      .select([countOf('sites').as('sites'), countOf('agents').as('agents')])
      .select(
        sql<boolean>`exists (select from person_roles where role = 'practice-owner'
          and person_roles.practice_id = practices.practice_id)`.as('has_owner'),
      );
  }

  private async sitesOf(practiceId: string): Promise<PracticeFile['siteList']> {
    const rows = await this.database
      .selectFrom('sites')
      .leftJoin('agent_health as health', 'health.agent_id', 'sites.agent_id')
      .leftJoin('site_hours as hours', 'hours.site_id', 'sites.site_id')
      .select(['sites.site_id', 'name', 'pms_type', 'pms_site_id', 'status', 'sites.agent_id'])
      .select(['health.state', 'hours.time_zone', 'hours.windows'])
      .where('practice_id', '=', practiceId)
      .orderBy('name')
      .orderBy('sites.site_id')
      .execute();
    return rows.map(({ time_zone: timeZone, windows, ...row }) => ({
      siteId: row.site_id,
      name: row.name,
      pmsType: row.pms_type,
      pmsSiteId: row.pms_site_id,
      status: row.status,
      ...given('agentId', row.agent_id),
      ...given('state', row.state),
      ...(timeZone !== null && windows !== null && { hours: { timeZone, windows } }),
    }));
  }

  private async codesOf(practiceId: string): Promise<PracticeFile['openCodes']> {
    const rows = await this.database
      .selectFrom('enrolment_codes')
      .select(['code_id', 'expires_at', 'sites'])
      .where('practice_id', '=', practiceId)
      .where('used_at', 'is', null)
      .where('expires_at', '>', new Date(this.clock.now()))
      .orderBy('expires_at')
      .execute();
    return rows.map((row) => ({
      codeId: row.code_id,
      expiresAt: row.expires_at.toISOString(),
      siteNames: row.sites.map(({ name }) => name),
    }));
  }

  private async invitationsOf(practiceId: string): Promise<PracticeFile['openInvitations']> {
    const rows = await this.database
      .selectFrom('invitations')
      .select(['invitation_id', 'role', 'expires_at'])
      .where('practice_id', '=', practiceId)
      .where('accepted_at', 'is', null)
      .where('expires_at', '>', new Date(this.clock.now()))
      .orderBy('expires_at')
      .execute();
    return rows.map((row) => ({
      invitationId: row.invitation_id,
      role: row.role,
      endsAt: row.expires_at.toISOString(),
    }));
  }
}

interface LineRow {
  practice_id: string;
  name: string;
  created_at: Date;
  sites: number;
  agents: number;
  has_owner: boolean;
}

const toLine = (row: LineRow): PracticeLine => ({
  practiceId: row.practice_id,
  name: row.name,
  sites: row.sites,
  agents: row.agents,
  hasOwner: row.has_owner,
  createdAt: row.created_at.toISOString(),
});
