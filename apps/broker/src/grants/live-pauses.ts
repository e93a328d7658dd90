/**
 * What practices have paused and what was frozen for an incident, in memory: read whole at boot and at a word
 * between nodes, and once a minute, because a word can get lost. There are few at any time.
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

/** Where a query runs, and whose it is. */
export interface QueryPlace {
  practiceId: string;
  siteId: string;
  integratorId: string;
  keyId: string;
}

interface Watch extends QueryPlace {
  /** Results that wait are their caller's already: a practice's pause leaves them, a freeze does not. */
  of: 'query' | 'result';
  stop: () => void;
}

interface Frozen {
  integrators: Set<string>;
  keys: Set<string>;
  /** By themselves, or with the server that has them now. */
  sites: Set<string>;
  /** Integrators that a practice froze for itself: `<practiceId> <integratorId>`. */
  pairs: Set<string>;
}

const nothingFrozen = (): Frozen => ({
  ...{ integrators: new Set(), keys: new Set(), sites: new Set(), pairs: new Set() },
});

@Injectable()
export class LivePauses implements OnModuleInit, OnApplicationShutdown {
  /** Integrators, or everyone, by practice. */
  private paused = new Map<string, Set<string>>();
  private frozen = nothingFrozen();
  private readonly watches = new Set<Watch>();
  private timer: NodeJS.Timeout | undefined;
  private stopListening: (() => void)[] = [];

  constructor(
    private readonly database: Kysely<Database>,
    private readonly broadcast: Broadcast,
    private readonly log: EventLog,
  ) {}

  async onModuleInit(): Promise<void> {
    // Given back to whoever published: a pause counts here once it is answered.
    this.stopListening = (['pause.changed', 'freeze.changed'] as const).map((topic) =>
      this.broadcast.subscribe(topic, () => this.refresh()),
    );
    await this.read();
    this.timer = setInterval(() => void this.refresh(), rereadMs).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
    for (const stop of this.stopListening) stop();
  }

  holds(practiceId: string, integratorId: string): boolean {
    const here = this.paused.get(practiceId);
    return here !== undefined && (here.has(EVERYONE) || here.has(integratorId));
  }

  isFrozen({ practiceId, siteId, integratorId }: Omit<QueryPlace, 'keyId'>): boolean {
    const { integrators, sites, pairs } = this.frozen;
    return (
      integrators.has(integratorId) ||
      sites.has(siteId) ||
      pairs.has(`${practiceId} ${integratorId}`)
    );
  }

  isKeyFrozen(keyId: string): boolean {
    return this.frozen.keys.has(keyId);
  }

  /** Immediate queries of this node that are under way. */
  running(isMeant: (place: QueryPlace) => boolean): number {
    return [...this.watches].filter((watch) => watch.of === 'query' && isMeant(watch)).length;
  }

  /**
   * Tells once, when a pause or a freeze comes that stops this; what runs is to end then.
   * @returns stops the telling
   */
  whenPaused(place: QueryPlace, stop: () => void): () => void {
    return this.watch({ ...place, of: 'query', stop });
  }

  /**
   * Tells once, when a freeze comes that ends the fetching of a result.
   * @returns stops the telling
   */
  whenFrozen(place: QueryPlace, stop: () => void): () => void {
    return this.watch({ ...place, of: 'result', stop });
  }

  private watch(watch: Watch): () => void {
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
    this.frozen = await this.readFrozen();
    for (const watch of [...this.watches]) {
      const { practiceId, integratorId, keyId } = watch;
      const isPaused = watch.of === 'query' && this.holds(practiceId, integratorId);
      if (!isPaused && !this.isFrozen(watch) && !this.isKeyFrozen(keyId)) continue;
      this.watches.delete(watch);
      watch.stop();
    }
  }

  private async readFrozen(): Promise<Frozen> {
    const rows = await this.database
      .selectFrom('incident_freezes')
      .leftJoin('sites', (join) =>
        join.onRef('sites.agent_id', '=', 'target_id').on('kind', '=', 'agent'),
      )
      .select(['kind', 'target_id', 'incident_freezes.practice_id', 'sites.site_id'])
      .where('thawed_at', 'is', null)
      .execute();
    const frozen = nothingFrozen();
    for (const { kind, target_id: id, practice_id: practiceId, site_id: siteId } of rows) {
      if (kind === 'site') frozen.sites.add(id);
      if (siteId !== null) frozen.sites.add(siteId);
      if (kind === 'key') frozen.keys.add(id);
      if (kind !== 'integrator') continue;
      if (practiceId === null) frozen.integrators.add(id);
      else frozen.pairs.add(`${practiceId} ${id}`);
    }
    return frozen;
  }
}
