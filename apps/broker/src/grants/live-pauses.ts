/**
 * What practices have paused, in memory: read whole at boot and at a word between nodes, and once a
 * minute, because a word can get lost. There are few at any time.
 */
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Kysely } from 'kysely';

import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import type { Database } from '#libs/db/schema.js';
import { coalesce } from '#libs/kernel/coalesce.js';

const rereadMs = 60_000;
/** In place of an integrator: all of them. */
export const EVERYONE = '*';

interface Watch {
  practiceId: string;
  integratorId: string;
  stop: () => void;
}

@Injectable()
export class LivePauses implements OnModuleInit, OnApplicationShutdown {
  /** Integrators, or everyone, by practice. */
  private paused = new Map<string, Set<string>>();
  private readonly watches = new Set<Watch>();
  private timer: NodeJS.Timeout | undefined;
  private stopListening: (() => void) | undefined;

  constructor(
    private readonly database: Kysely<Database>,
    private readonly broadcast: Broadcast,
    private readonly log: EventLog,
  ) {}

  async onModuleInit(): Promise<void> {
    // Given back to whoever published: a pause counts here once it is answered.
    this.stopListening = this.broadcast.subscribe('pause.changed', () => this.refresh());
    await this.read();
    this.timer = setInterval(() => void this.refresh(), rereadMs).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
    this.stopListening?.();
  }

  holds(practiceId: string, integratorId: string): boolean {
    const here = this.paused.get(practiceId);
    return here !== undefined && (here.has(EVERYONE) || here.has(integratorId));
  }

  /**
   * Tells once, when a pause comes that stops this integrator; what runs is to end then.
   * @returns stops the telling
   */
  whenPaused(practiceId: string, integratorId: string, stop: () => void): () => void {
    const watch = { practiceId, integratorId, stop };
    this.watches.add(watch);
    return () => this.watches.delete(watch);
  }

  private readonly refresh = coalesce(() =>
    this.read().catch(() => this.log.write('store.unavailable', { what: 'pauses' })),
  );

  private async read(): Promise<void> {
    const rows = await this.database
      .selectFrom('access_pauses')
      .select(['practice_id', 'integrator_id'])
      .execute();
    const paused = new Map<string, Set<string>>();
    for (const { practice_id: practiceId, integrator_id: integratorId } of rows) {
      paused.set(practiceId, (paused.get(practiceId) ?? new Set()).add(integratorId));
    }
    this.paused = paused;
    for (const watch of paused.size > 0 ? [...this.watches] : []) {
      if (!this.holds(watch.practiceId, watch.integratorId)) continue;
      this.watches.delete(watch);
      watch.stop();
    }
  }
}
