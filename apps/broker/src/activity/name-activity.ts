/** What stands in place of ids in sentences, for one reader: names of software, sites, practices, people. */
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { ActivityPeople } from '#apps/broker/src/activity/activity-people.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import { namesById } from '#libs/db/names-by-id.js';
import type { AuditScope } from '#libs/db/read-audit.js';
import type { Database } from '#libs/db/schema.js';
import type { Grant, SignedGrant } from '#libs/grants/grant.js';

export interface ActivityNames {
  integrators: ReadonlyMap<string, string>;
  sites: ReadonlyMap<string, string>;
  /** Empty for a practice, which knows who it is. */
  practices: ReadonlyMap<string, string>;
  people: ReadonlyMap<string, string>;
}

/** Codes of purposes, by grantId. */
export type Purposes = ReadonlyMap<string, readonly string[]>;

@Injectable()
export class NameActivity {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly people: ActivityPeople,
  ) {}

  /** Of what these records name, and nothing besides. */
  async of(reader: AuditScope, records: readonly AuditRecord[]): Promise<ActivityNames> {
    const { database } = this;
    const isOfMany = reader.kind !== 'practice';
    const practices = isOfMany ? records.map(({ practice }) => practice) : [];
    const actors = new Set(records.flatMap(({ actorRef }) => actorRef ?? []));
    return {
      integrators: await namesById(
        database,
        'integrators',
        records.map(({ integrator }) => integrator),
      ),
      sites: await namesById(
        database,
        'sites',
        records.map(({ site }) => site),
      ),
      practices: await namesById(database, 'practices', practices),
      people: await this.people.names(reader, [...actors]),
    };
  }

  /** What each permission that the reader has to do with is for, as its newest document says. */
  async purposes(reader: AuditScope): Promise<Purposes> {
    if (reader.kind === 'operator') return new Map();
    const rows = await this.database
      .selectFrom('grants')
      .innerJoin('sites', 'sites.site_id', 'grants.site_id')
      .distinctOn('grant_id')
      .select(['grant_id', 'signed'])
      .where((row) =>
        reader.kind === 'practice'
          ? row('practice_id', '=', reader.practiceId)
          : row('integrator_id', '=', reader.integratorId),
      )
      .orderBy('grant_id')
      .orderBy('seq', 'desc')
      .execute();
    return new Map(
      rows.map(({ grant_id: grantId, signed }) => [
        grantId,
        (JSON.parse((signed as SignedGrant).document) as Grant).purposes,
      ]),
    );
  }

  /** Undefined: there is no such site. */
  async practiceOf(siteId: string): Promise<string | undefined> {
    const site = await this.database
      .selectFrom('sites')
      .select('practice_id')
      .where('site_id', '=', siteId)
      .executeTakeFirst();
    return site?.practice_id;
  }
}
