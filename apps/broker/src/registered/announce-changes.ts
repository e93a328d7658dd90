/**
 * Does for changes what a node could not that died, or does not hold the agent's link: tells of
 * changes that nobody told of, and fetches what another node wants from an agent that is attached here.
 */
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { SiteLinks } from '#apps/broker/src/gateway/site-links.port.js';
import { RegisteredBook } from '#apps/broker/src/registered/registered-book.js';
import { RunParts } from '#apps/broker/src/registered/run-parts.js';
import { tellIntegrator } from '#apps/broker/src/registered/tell-integrator.js';
import { WebhookEvents } from '#apps/broker/src/webhooks/webhook-events.port.js';
import { runParts } from '#libs/contracts/registered.js';
import type { Database } from '#libs/db/schema.js';

/** A node that lives has told of a change by then. */
const PATIENCE_MS = 2 * 60_000;

@Injectable()
export class AnnounceChanges {
  /** Queries whose kept runs are being fetched, and whether somebody has wanted them since. */
  private readonly walks = new Map<string, { again: boolean }>();

  constructor(
    private readonly database: Kysely<Database>,
    private readonly links: SiteLinks,
    private readonly book: RegisteredBook,
    private readonly parts: RunParts,
    private readonly webhooks: WebhookEvents,
  ) {}

  async tellForgotten(nowMs: number): Promise<void> {
    const rows = await this.database
      .updateTable('registered_queries')
      .set((expression) => ({ announced_run: expression.ref('changed_run') }))
      .whereRef('announced_run', '<', 'changed_run')
      .where('updated_at', '<', new Date(nowMs - PATIENCE_MS))
      .returningAll()
      .execute();
    for (const row of rows) tellIntegrator(this.webhooks, 'registered.changed', row);
  }

  /**
   * Puts the kept runs of a query into the store, if its agent is attached here. Everybody who waits
   * for one says so: those who come meanwhile share one more walk. Never rejects.
   */
  async fetchWanted(id: string): Promise<void> {
    const underWay = this.walks.get(id);
    if (underWay) {
      underWay.again = true;
      return;
    }
    const walk = { again: true };
    this.walks.set(id, walk);
    while (walk.again) {
      walk.again = false;
      await this.fetchKept(id);
    }
    this.walks.delete(id);
  }

  private async fetchKept(id: string): Promise<void> {
    try {
      const row = await this.book.read(id);
      const link = row && this.links.find(row.site_id);
      if (!row || !link) return;
      for (const [index, run] of (await this.book.keptRuns(id)).entries()) {
        const part = index === 0 ? runParts.rows : runParts.delta;
        if (await this.parts.stored(row, run, part)) continue;
        await this.parts.fetch(link, row, run).catch(() => undefined);
      }
    } catch {
      // Whoever wants it will say so again.
    }
  }
}
