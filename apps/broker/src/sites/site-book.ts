/** What every request asks about sites, in memory: kept fresh by push and by a reading every 30 s. */
import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Kysely } from 'kysely';
import type { CallerIdentity } from '#apps/broker/src/access/caller.js';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { GrantBook } from '#apps/broker/src/grants/grant-book.port.js';
import { LivePauses } from '#apps/broker/src/grants/live-pauses.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { coalesce } from '#libs/kernel/coalesce.js';

export interface SiteEntry {
  siteId: string;
  practiceId: string;
  authoritative: boolean;
}

const REFRESH_MS = 30_000;

@Injectable()
export class SiteBook implements OnModuleInit, OnModuleDestroy {
  private sites = new Map<string, SiteEntry>();
  private timer: NodeJS.Timeout | undefined;
  private unsubscribe: (() => void) | undefined;

  constructor(
    private readonly kysely: Kysely<Database>,
    private readonly broadcast: Broadcast,
    private readonly grants: GrantBook,
    private readonly pauses: LivePauses,
    private readonly log: EventLog,
  ) {}

  async onModuleInit(): Promise<void> {
    this.unsubscribe = this.broadcast.subscribe('site.changed', () => this.refresh());
    await this.readAll();
    this.timer = setInterval(() => void this.refresh(), REFRESH_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
    this.unsubscribe?.();
  }

  find(siteId: string): SiteEntry | undefined {
    return this.sites.get(siteId);
  }

  /** @throws ConduitError KEY_SITE_FORBIDDEN, or SITE_NOT_FOUND for unknown and unpaired alike */
  requirePaired(caller: CallerIdentity, siteId: string): void {
    if (caller.key.siteIds && !caller.key.siteIds.has(siteId)) {
      throw new ConduitError('KEY_SITE_FORBIDDEN');
    }
    if (this.grants.find(siteId, caller.integratorId).state === 'none') {
      throw new ConduitError('SITE_NOT_FOUND');
    }
  }

  /**
   * Of what may hold records: whatever became of the permission meanwhile, nobody who is frozen gets them.
   * @throws ConduitError ACCESS_FROZEN, and as `requirePaired`
   */
  requireUnfrozen(caller: CallerIdentity, siteId: string): void {
    this.requirePaired(caller, siteId);
    const { integratorId } = caller;
    const practiceId = this.sites.get(siteId)?.practiceId;
    // A site that was not read yet: nobody can say whether its practice has frozen this caller.
    if (practiceId === undefined) throw new ConduitError('SITE_NOT_FOUND');
    if (this.pauses.isFrozen({ practiceId, siteId, integratorId }))
      throw new ConduitError('ACCESS_FROZEN');
  }

  private readonly refresh = coalesce(() =>
    this.readAll().catch(() => this.log.write('store.unavailable', { what: 'sites' })),
  );

  private async readAll(): Promise<void> {
    const rows = await this.kysely
      .selectFrom('sites')
      .select(['site_id', 'practice_id', 'authoritative'])
      .execute();
    this.sites = new Map(
      rows.map((row) => [
        row.site_id,
        {
          siteId: row.site_id,
          practiceId: row.practice_id,
          authoritative: row.authoritative,
        },
      ]),
    );
  }
}
