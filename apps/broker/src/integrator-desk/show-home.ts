import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { ConsoleOrigin } from '#apps/broker/src/access/console-origin.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { DeskBook } from '#apps/broker/src/integrator-desk/desk-book.js';
import { missingIn } from '#apps/broker/src/integrator-desk/declare-profile.js';
import type { IntegratorHome, PairedSite } from '#libs/console-api/integrator.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';

const SOON_MS = 30 * 86_400_000;
const USAGE_DAYS = 7;

/** Where an integrator stands, so that its first page can say what to do next. */
@Injectable()
export class ShowHome {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly book: DeskBook,
    private readonly origin: ConsoleOrigin,
    private readonly config: BrokerConfig,
    private readonly clock: Clock,
  ) {}

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND */
  async execute(integratorId: string): Promise<IntegratorHome> {
    const profile = await this.book.profile.read(integratorId);
    const sites = await this.book.sites.execute(integratorId);
    const { days } = await this.book.usage.execute(integratorId, USAGE_DAYS);
    const { keys } = await this.book.keys.list(integratorId);
    const endpoints = await this.database
      .selectFrom('webhook_endpoints')
      .select('failing_since')
      .where('integrator_id', '=', integratorId)
      .execute();
    const live = keys.filter(({ state }) => state === 'live');
    const keyEndsAt = this.soonest(live.map(({ expiresAt }) => expiresAt));
    const permissionEndsAt = this.soonest(
      sites
        .filter(({ standing }) => standing === 'active')
        .map(({ permission }) => permission?.expires),
    );
    return {
      integratorId,
      name: profile.name,
      apiOrigin: this.origin.origins[0] ?? '',
      environment: this.config.environment,
      missing: missingIn(profile),
      keys: live.length,
      sites: countsOf(sites),
      webhooks: endpoints.length,
      failingWebhooks: endpoints.filter((row) => row.failing_since !== null).length,
      queries: days.reduce((total, day) => total + day.queries, 0),
      failedQueries: days.reduce((total, day) => total + day.failed + day.lost + day.expired, 0),
      ...(keyEndsAt !== undefined && { keyEndsAt }),
      ...(permissionEndsAt !== undefined && { permissionEndsAt }),
    };
  }

  private soonest(ends: readonly (string | undefined)[]): string | undefined {
    const limit = this.clock.now() + SOON_MS;
    const [first] = ends.filter((end) => end !== undefined).sort();
    return first !== undefined && Date.parse(first) < limit ? first : undefined;
  }
}

function countsOf(sites: readonly PairedSite[]): IntegratorHome['sites'] {
  return {
    paired: sites.length,
    permitted: sites.filter(({ standing }) => standing === 'active').length,
    waiting: sites.filter(({ standing }) => standing.startsWith('waiting')).length,
    online: sites.filter(({ availability }) => availability === 'online').length,
  };
}
