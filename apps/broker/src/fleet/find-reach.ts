import { Injectable } from '@nestjs/common';
import { Kysely, sql } from 'kysely';
import { SiteLines } from '#apps/broker/src/async-queries/site-lines.js';
import type { ActReach } from '#libs/console-api/operator.js';
import type { ActionText } from '#libs/console-api/session.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

/** Whom an act against an agent hits: shown before it is confirmed, and signed with it. */
@Injectable()
export class FindReach {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly lines: SiteLines,
    private readonly clock: Clock,
  ) {}

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND */
  async execute(agentId: string): Promise<ActReach> {
    const agent = await this.database
      .selectFrom('agents')
      .select('agent_id')
      .where('agent_id', '=', agentId)
      .executeTakeFirst();
    if (!agent) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
    const sites = await this.database
      .selectFrom('sites')
      .select(['site_id as siteId', 'name'])
      .where('agent_id', '=', agentId)
      .orderBy('site_id')
      .execute();
    const siteIds = sites.map(({ siteId }) => siteId);
    const queriesWaiting = await this.waitingAt(siteIds);
    return {
      sites,
      integrators: await this.integratorsAt(siteIds),
      ...(queriesWaiting !== undefined && { queriesWaiting }),
      registeredQueries: await this.registeredAt(siteIds),
    };
  }

  /** Grants that count: the newest of each, in force at this time. */
  private async integratorsAt(siteIds: string[]): Promise<ActReach['integrators']> {
    if (siteIds.length === 0) return [];
    const newest = newestGrants(this.database).where('site_id', 'in', siteIds);
    const rows = await this.database
      .selectFrom(newest.as('newest'))
      .innerJoin('integrators', 'integrators.integrator_id', 'newest.integrator_id')
      .select(['integrators.integrator_id', 'integrators.name'])
      .select(sql<string>`count(distinct grant_id)`.as('permissions'))
      .where('newest.state', '=', 'active')
      .where('newest.expires_at', '>', new Date(this.clock.now()))
      .groupBy(['integrators.integrator_id', 'integrators.name'])
      .orderBy('integrators.integrator_id')
      .execute();
    return rows.map((row) => ({
      integratorId: row.integrator_id,
      name: row.name,
      permissions: Number(row.permissions),
    }));
  }

  private async registeredAt(siteIds: string[]): Promise<number> {
    const { count } = await this.database
      .selectFrom('registered_queries')
      .select(({ fn }) => fn.countAll<string>().as('count'))
      .where('site_id', 'in', ['', ...siteIds])
      .where('state', '=', 'enabled')
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  /** Without Redis nobody can say. */
  private async waitingAt(siteIds: string[]): Promise<number | undefined> {
    try {
      const depths = await Promise.all(siteIds.map((siteId) => this.lines.depthOf(siteId)));
      return depths.reduce((sum, depth) => sum + depth, 0);
    } catch {
      return undefined;
    }
  }
}

/** The last document of each permission, whatever it says. */
export const newestGrants = (database: Kysely<Database>) =>
  database
    .selectFrom('grants')
    .distinctOn(['grant_id', 'site_id'])
    .select(['grant_id', 'site_id', 'integrator_id', 'state', 'expires_at'])
    .orderBy('grant_id')
    .orderBy('site_id')
    .orderBy('seq', 'desc');

/**
 * The action that a person's passkey signs for an act against an agent. The server makes it out of
 * what it finds itself: had the reach changed since it was shown, the signature would not fit.
 */
export function actAction(
  type: string,
  agentId: string,
  { sites, integrators }: ActReach,
  more: Record<string, string> = {},
): ActionText {
  return {
    type,
    agentId,
    ...more,
    siteIds: sites.map(({ siteId }) => siteId),
    integratorIds: integrators.map(({ integratorId }) => integratorId),
  };
}
