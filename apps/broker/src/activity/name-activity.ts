/** What stands in place of ids in sentences, for one reader: names of software, sites, practices, people. */
import { Injectable } from '@nestjs/common';
import { Kysely, sql } from 'kysely';
import { ActivityPeople } from '#apps/broker/src/activity/activity-people.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import { namesById } from '#libs/db/names-by-id.js';
import type { AuditScope } from '#libs/db/read-audit.js';
import type { Database } from '#libs/db/schema.js';

export interface ActivityNames {
  integrators: ReadonlyMap<string, string>;
  sites: ReadonlyMap<string, string>;
  /** Empty for a practice, which knows who it is. */
  practices: ReadonlyMap<string, string>;
  people: ReadonlyMap<string, string>;
}

/** Codes of purposes, by the permission's document that a record names. */
export type Purposes = ReadonlyMap<string, readonly string[]>;

/** Of a record that names no document of the permission the number is empty. */
export const documentKey = (grantId: string, grantSeq?: number): string =>
  `${grantId}/${grantSeq ?? ''}`;

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

  /** What was permitted when these acts were done: the document that a record names counts, not today's. */
  purposesOf(reader: AuditScope, records: readonly AuditRecord[]): Promise<Purposes> {
    const named = new Set(records.flatMap(({ grantId }) => grantId ?? []));
    return this.purposes(reader, [...named]);
  }

  /** Documents of all permissions that the reader has to do with, and that were for this. */
  async documentsFor(reader: AuditScope, purpose: string): Promise<string[]> {
    const all = [...(await this.purposes(reader))];
    return all.filter(([, codes]) => codes.includes(purpose)).map(([key]) => key);
  }

  /** As far as documents are kept (stored-grant-bounds.ts): of one that is gone nothing is said. */
  private async purposes(reader: AuditScope, grantIds?: readonly string[]): Promise<Purposes> {
    if (reader.kind === 'operator' || grantIds?.length === 0) return new Map();
    const rows = await this.database
      .selectFrom('grants')
      .innerJoin('sites', 'sites.site_id', 'grants.site_id')
      .distinctOn(['grant_id', 'seq'])
      .select(['grant_id as grantId', 'seq'])
      .select(sql<string[]>`(signed->>'document')::jsonb->'purposes'`.as('codes'))
      .where((row) =>
        reader.kind === 'practice'
          ? row('practice_id', '=', reader.practiceId)
          : row('integrator_id', '=', reader.integratorId),
      )
      .$if(grantIds !== undefined, (all) => all.where('grant_id', 'in', grantIds ?? []))
      .orderBy('grant_id')
      .orderBy('seq')
      .execute();
    return purposesByDocument(rows);
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

interface Document {
  grantId: string;
  seq: number;
  codes: readonly string[];
}

/** For a record that names none of a permission's documents, only where they all say the same. */
function purposesByDocument(documents: readonly Document[]): Purposes {
  const purposes = new Map<string, readonly string[]>();
  for (const { grantId, seq, codes } of documents) {
    purposes.set(documentKey(grantId, seq), codes);
    const others = purposes.get(documentKey(grantId)) ?? codes;
    purposes.set(documentKey(grantId), String(others) === String(codes) ? codes : []);
  }
  return purposes;
}
