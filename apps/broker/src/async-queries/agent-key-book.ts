/**
 * The public encryption key of each site's agent, in memory: a submit waits for no store. An agent
 * opens with its old key for a week after it has a new one, so a reading that is late harms nothing.
 */
import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Kysely } from 'kysely';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import type { Database } from '#libs/db/schema.js';
import { coalesce } from '#libs/kernel/coalesce.js';

const REFRESH_MS = 30_000;

@Injectable()
export class AgentKeyBook implements OnModuleInit, OnModuleDestroy {
  private keys = new Map<string, string>();
  private timer: NodeJS.Timeout | undefined;
  private unsubscribe: (() => void)[] = [];

  constructor(
    private readonly kysely: Kysely<Database>,
    private readonly broadcast: Broadcast,
    private readonly log: EventLog,
  ) {}

  async onModuleInit(): Promise<void> {
    this.unsubscribe = (['agent.changed', 'site.changed'] as const).map((topic) =>
      this.broadcast.subscribe(topic, () => this.refresh()),
    );
    await this.readAll();
    this.timer = setInterval(() => void this.refresh(), REFRESH_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
    for (const stop of this.unsubscribe) stop();
  }

  /** Raw X25519, base64url; undefined where no agent serves the site. */
  find(siteId: string): string | undefined {
    return this.keys.get(siteId);
  }

  readonly refresh = coalesce(() =>
    this.readAll().catch(() => this.log.write('store.unavailable', { what: 'agents' })),
  );

  private async readAll(): Promise<void> {
    const rows = await this.kysely
      .selectFrom('sites')
      .innerJoin('agents', 'agents.agent_id', 'sites.agent_id')
      .select(['site_id', 'encryption_public_key'])
      .where('agents.state', '!=', 'revoked')
      .execute();
    this.keys = new Map(
      rows.map((row) => [row.site_id, row.encryption_public_key.toString('base64url')]),
    );
  }
}
