import {
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Kysely } from 'kysely';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { AttachedLinks } from '#apps/broker/src/gateway/attached-links.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';
import { coalesce } from '#libs/kernel/coalesce.js';

export interface SiteSighting {
  agentId: string | null;
  /** Milliseconds since the epoch; undefined: its agent never joined. */
  lastSeenMs: number | undefined;
  /** Its agent said goodbye and has not come back. */
  saidGoodbye: boolean;
}

interface Leaving {
  agentId: string;
  /** The highest join of this agent at the node that it left. */
  sequence: number;
  saidGoodbye: boolean;
}

const RELOAD_MS = 15_000;
const WRITE_MS = 30_000;

/**
 * Which agent serves a site and when it was last heard, in memory for the quick answer and in the
 * store so that it survives a restart and reaches the other nodes. Written at most every 30 s. Kept by
 * every node: one that only answers callers says whether a site is there, too.
 */
@Injectable()
export class SiteRegister implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private sightings = new Map<string, SiteSighting>();
  /** Sites, and agents whose sites, are to be read again. */
  private readonly due = new Set<string>();
  private isAllDue = false;
  private timers: NodeJS.Timeout[] = [];
  private unsubscribe: (() => void)[] = [];

  constructor(
    private readonly database: Kysely<Database>,
    private readonly attached: AttachedLinks,
    private readonly broadcast: Broadcast,
    private readonly clock: Clock,
    private readonly log: EventLog,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    // Agents come and go at other nodes, and those are who tells this one.
    this.unsubscribe = (['site.changed', 'agent.changed'] as const).map((topic) =>
      this.broadcast.subscribe(topic, (id) => void this.reread(id)),
    );
    this.timers = [
      setInterval(() => void this.rereadAll(), RELOAD_MS).unref(),
      setInterval(() => void this.writeSeen(this.attached.agentIds()), WRITE_MS).unref(),
    ];
    await this.rereadAll();
  }

  beforeApplicationShutdown(): void {
    for (const unsubscribe of this.unsubscribe) unsubscribe();
    for (const timer of this.timers) clearInterval(timer);
  }

  find(siteId: string): SiteSighting | undefined {
    return this.sightings.get(siteId);
  }

  async agentJoined(agentId: string): Promise<void> {
    await this.writeSeen([agentId]);
    await this.reread(agentId);
  }

  /**
   * Changes nothing where the agent has joined again since, at whatever node: the news of a leaving
   * may be slower than the agent.
   */
  async agentLeft({ agentId, sequence, saidGoodbye }: Leaving): Promise<void> {
    const now = new Date(this.clock.now());
    const change = saidGoodbye ? { last_seen_at: now, closed_at: now } : { last_seen_at: now };
    await this.guarded(
      this.database
        .updateTable('sites')
        .set(change)
        .where('agent_id', 'in', (select) =>
          select
            .selectFrom('agents')
            .select('agent_id')
            .where('agent_id', '=', agentId)
            .where('join_sequence', '<=', sequence),
        )
        .execute(),
    );
    await this.reread(agentId);
  }

  private async writeSeen(agentIds: string[]): Promise<void> {
    if (agentIds.length === 0) return;
    await this.guarded(
      this.database
        .updateTable('sites')
        .set({ last_seen_at: new Date(this.clock.now()), closed_at: null })
        .where('agent_id', 'in', agentIds)
        .execute(),
    );
  }

  /** @param id of a site, or of an agent for all of its sites */
  private reread(id: string): Promise<void> {
    this.due.add(id);
    return this.readDue();
  }

  private rereadAll(): Promise<void> {
    this.isAllDue = true;
    return this.readDue();
  }

  /** However many agents come and go at once, one reader at a time, which reads theirs together. */
  private readonly readDue = coalesce(async () => {
    const ids = this.isAllDue ? undefined : [...this.due];
    this.isAllDue = false;
    this.due.clear();
    const read = this.database
      .selectFrom('sites')
      .select(['site_id', 'agent_id', 'last_seen_at', 'closed_at'])
      .$if(ids !== undefined, (query) =>
        query.where((row) => row.or([row('agent_id', 'in', ids!), row('site_id', 'in', ids!)])),
      );
    const rows = await this.guarded(read.execute());
    if (!rows) return;
    if (!ids) this.sightings = new Map();
    for (const row of rows) {
      this.sightings.set(row.site_id, {
        agentId: row.agent_id,
        lastSeenMs: row.last_seen_at?.getTime(),
        saidGoodbye: row.closed_at !== null,
      });
    }
  });

  /** Without the store, links and what is known of them go on; the next round tries again. */
  private guarded<T>(work: Promise<T>): Promise<T | undefined> {
    return work.catch(() => {
      this.log.write('store.unavailable', { what: 'sites' });
      return undefined;
    });
  }
}
