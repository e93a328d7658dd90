/** Whom a freeze hits, before it is done: places by name, and how much runs and waits there. */
import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { SiteLines } from '#apps/broker/src/async-queries/site-lines.js';
import { newestGrants } from '#apps/broker/src/fleet/find-reach.js';
import { LivePauses } from '#apps/broker/src/grants/live-pauses.js';
import { freezeWords } from '#apps/broker/src/incidents/freeze-words.js';
import type { FreezeKind, FreezePreview } from '#libs/console-api/incidents.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { canonicalJson } from '#libs/grants/canonical-json.js';
import { Clock } from '#libs/kernel/clock.js';

export interface FreezeTarget {
  kind: FreezeKind;
  targetId: string;
  /** Of a practice's own freeze: nothing beyond it. */
  practiceId?: string;
}

/** What it is that is frozen. */
interface Target {
  name?: string;
  /** Whose software; absent: everybody's. */
  integratorId?: string;
  /** Absent: wherever that software has a permission. */
  siteIds?: readonly string[];
  /** Of a site or an agent. */
  ofPractice?: string;
  keyId?: string;
}

interface Places {
  sites: FreezePreview['sites'];
  practices: FreezePreview['practices'];
  integrators: FreezePreview['integrators'];
}

@Injectable()
export class FindFreezeReach {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly lines: SiteLines,
    private readonly pauses: LivePauses,
    private readonly clock: Clock,
  ) {}

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND for what is not there, or not the practice's */
  async execute(wanted: FreezeTarget): Promise<FreezePreview & { ofPractice?: string }> {
    const target = await this.targetOf(wanted);
    const places = await this.placesOf(target, wanted.practiceId);
    const siteIds = places.sites.map(({ siteId }) => siteId);
    const queriesWaiting = await this.waitingAt(siteIds, target);
    return {
      ...{ kind: wanted.kind, targetId: wanted.targetId, reach: reachOf(places), ...places },
      ...(target.name !== undefined && { name: target.name }),
      ...(target.ofPractice !== undefined && { ofPractice: target.ofPractice }),
      keys: await this.keysOf(wanted, target),
      queriesRunning: this.running(wanted, siteIds),
      ...(queriesWaiting !== undefined && { queriesWaiting }),
      registeredQueries: await this.registeredAt(siteIds, target),
      isFrozen: await this.isFrozen(wanted),
      words: freezeWords(wanted.kind, wanted.practiceId !== undefined),
    };
  }

  private async targetOf({ kind, targetId, practiceId }: FreezeTarget): Promise<Target> {
    const { database } = this;
    const isOwn = (of: string): boolean => practiceId === undefined || of === practiceId;
    if (kind === 'integrator') {
      const row = await database
        .selectFrom('integrators')
        .select('name')
        .where('integrator_id', '=', targetId)
        .executeTakeFirst();
      if (row) return { name: row.name, integratorId: targetId };
    } else if (kind === 'site') {
      const row = await database
        .selectFrom('sites')
        .select(['name', 'practice_id'])
        .where('site_id', '=', targetId)
        .executeTakeFirst();
      if (row && isOwn(row.practice_id))
        return { name: row.name, siteIds: [targetId], ofPractice: row.practice_id };
    } else if (practiceId !== undefined) {
      throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
    } else if (kind === 'key') {
      const row = await database
        .selectFrom('api_keys')
        .select(['name', 'integrator_id', 'site_ids'])
        .where('key_id', '=', targetId)
        .executeTakeFirst();
      if (row) {
        const { name, integrator_id: integratorId, site_ids: ids } = row;
        return { name, integratorId, keyId: targetId, ...(ids.length > 0 && { siteIds: ids }) };
      }
    } else {
      const row = await database
        .selectFrom('agents')
        .select('practice_id')
        .where('agent_id', '=', targetId)
        .executeTakeFirst();
      const sites = await database
        .selectFrom('sites')
        .select('site_id')
        .where('agent_id', '=', targetId)
        .execute();
      if (row) return { siteIds: sites.map((site) => site.site_id), ofPractice: row.practice_id };
    }
    throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
  }

  private async placesOf(target: Target, practiceId: string | undefined): Promise<Places> {
    const { integratorId, siteIds } = target;
    const rows = await this.database
      .selectFrom(newestGrants(this.database).as('newest'))
      .innerJoin('sites', 'sites.site_id', 'newest.site_id')
      .innerJoin('practices', 'practices.practice_id', 'sites.practice_id')
      .innerJoin('integrators', 'integrators.integrator_id', 'newest.integrator_id')
      .select(['sites.site_id', 'sites.name as site_name', 'sites.practice_id'])
      .select(['practices.name as practice_name', 'integrators.integrator_id'])
      .select('integrators.name as integrator_name')
      .where('newest.state', '=', 'active')
      .where('newest.expires_at', '>', new Date(this.clock.now()))
      .$if(integratorId !== undefined, (query) =>
        query.where('integrators.integrator_id', '=', integratorId!),
      )
      .$if(siteIds !== undefined, (query) =>
        query.where('sites.site_id', 'in', ['', ...(siteIds ?? [])]),
      )
      .$if(practiceId !== undefined, (query) => query.where('sites.practice_id', '=', practiceId!))
      .execute();
    return {
      practices: unique(rows, ({ practice_id: practiceId, practice_name: name }) => [
        practiceId,
        { practiceId, name },
      ]),
      sites: unique(rows, ({ site_id: siteId, practice_id, site_name: name }) => [
        siteId,
        { siteId, practiceId: practice_id, name },
      ]),
      integrators: unique(rows, ({ integrator_id: integratorId, integrator_name: name }) => [
        integratorId,
        { integratorId, name },
      ]),
    };
  }

  private async keysOf({ kind, practiceId }: FreezeTarget, target: Target): Promise<number> {
    if (kind === 'key') return 1;
    // A practice's freeze stops software at that practice, not its keys.
    if (kind !== 'integrator' || practiceId !== undefined) return 0;
    const { count } = await this.database
      .selectFrom('api_keys')
      .select(({ fn }) => fn.countAll<string>().as('count'))
      .where('integrator_id', '=', target.integratorId ?? '')
      .where('revoked_at', 'is', null)
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  private running({ kind, targetId }: FreezeTarget, siteIds: readonly string[]): number {
    return this.pauses.running((place) => {
      if (!siteIds.includes(place.siteId)) return false;
      if (kind === 'integrator') return place.integratorId === targetId;
      return kind === 'key' ? place.keyId === targetId : true;
    });
  }

  /** Without Redis nobody can say. A line does not know keys: of one, those of its software. */
  private async waitingAt(
    siteIds: readonly string[],
    { integratorId }: Target,
  ): Promise<number | undefined> {
    try {
      let waiting = 0;
      for (const siteId of siteIds)
        waiting += await (integratorId === undefined
          ? this.lines.depthOf(siteId)
          : this.lines.waitingOf(integratorId, siteId));
      return waiting;
    } catch {
      return undefined;
    }
  }

  private async registeredAt(
    siteIds: readonly string[],
    { integratorId, keyId }: Target,
  ): Promise<number> {
    const { count } = await this.database
      .selectFrom('registered_queries')
      .select(({ fn }) => fn.countAll<string>().as('count'))
      .where('site_id', 'in', ['', ...siteIds])
      .where('state', '=', 'enabled')
      .$if(integratorId !== undefined, (query) => query.where('integrator_id', '=', integratorId!))
      .$if(keyId !== undefined, (query) => query.where('key_id', '=', keyId!))
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  private async isFrozen({ kind, targetId, practiceId }: FreezeTarget): Promise<boolean> {
    const row = await this.database
      .selectFrom('incident_freezes')
      .select('freeze_id')
      .where('kind', '=', kind)
      .where('target_id', '=', targetId)
      .where('thawed_at', 'is', null)
      .where((freeze) =>
        freeze.or([
          freeze('practice_id', 'is', null),
          ...(practiceId === undefined ? [] : [freeze('practice_id', '=', practiceId)]),
        ]),
      )
      .executeTakeFirst();
    return row !== undefined;
  }
}

function unique<Row, One>(rows: readonly Row[], read: (row: Row) => readonly [string, One]): One[] {
  return [...new Map(rows.map(read))]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, found]) => found);
}

/** Changes when somebody else would be hit than was shown. */
const reachOf = ({ practices, sites, integrators }: Places): string =>
  createHash('sha256')
    .update(
      canonicalJson([
        practices.map(({ practiceId }) => practiceId),
        sites.map(({ siteId }) => siteId),
        integrators.map(({ integratorId }) => integratorId),
      ]),
    )
    .digest('hex');
