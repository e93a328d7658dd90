/**
 * A practice's acts out of the audit records, newest first, a page at a time. The store filters: a
 * page costs the same whether there are ten acts or ten million.
 */
import { Injectable } from '@nestjs/common';
import { Kysely, sql, type SqlBool } from 'kysely';
import { ActivityPeople } from '#apps/broker/src/practice-desk/activity-people.js';
import {
  activityKindOf,
  activityWords,
  kindActions,
} from '#apps/broker/src/practice-desk/activity-words.js';
import type { AuditAction, AuditRecord } from '#libs/audit/audit-record.js';
import type { ActivityEntry, ActivityFilter, ActivityPage } from '#libs/console-api/practice.js';
import type { Database } from '#libs/db/schema.js';
import type { Grant, SignedGrant } from '#libs/grants/grant.js';
import { purposeText } from '#libs/grants/purpose-words.js';

export const activityLimits = { page: 50, exported: 50_000, batch: 2_000 } as const;

interface Row {
  seq: string;
  recorded_at: Date;
  record: string;
}

/** Codes, by grantId. */
type Purposes = ReadonlyMap<string, readonly string[]>;

interface Names {
  integrators: Map<string, string>;
  sites: Map<string, string>;
  people: Map<string, string>;
  /** Words for what its permission is for, by grantId. */
  purposes: Map<string, string>;
}

/** Milliseconds and number of the last entry of a page. */
const cursorOf = (row: Row): string => `${row.recorded_at.getTime()}.${row.seq}`;

@Injectable()
export class ReadActivity {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly people: ActivityPeople,
  ) {}

  async page(
    practiceId: string,
    filter: ActivityFilter,
    before?: string,
    limit: number = activityLimits.page,
  ): Promise<ActivityPage> {
    const grants = await this.purposesOf(practiceId);
    const rows = await this.rows(practiceId, { filter, grants }, before, limit + 1);
    const shown = rows.slice(0, limit);
    const entries = await this.entriesOf(practiceId, shown, grants);
    const last = shown.at(-1);
    return { entries, ...(rows.length > limit && last && { next: cursorOf(last) }) };
  }

  /** The newest, as many as one file may hold. */
  async all(
    practiceId: string,
    filter: ActivityFilter,
  ): Promise<{ entries: ActivityEntry[]; isCut: boolean }> {
    const entries: ActivityEntry[] = [];
    let before: string | undefined;
    do {
      const page = await this.page(practiceId, filter, before, activityLimits.batch);
      entries.push(...page.entries);
      before = page.next;
    } while (before !== undefined && entries.length < activityLimits.exported);
    return { entries, isCut: before !== undefined };
  }

  private rows(
    practiceId: string,
    { filter, grants }: { filter: ActivityFilter; grants: Purposes },
    before: string | undefined,
    limit: number,
  ): Promise<Row[]> {
    let query = this.database
      .selectFrom('audit_records')
      .select(['seq', 'recorded_at', 'record'])
      .where('practice_id', '=', practiceId)
      .where(hasOneOf('type', actionsOf(filter)))
      .orderBy('recorded_at', 'desc')
      .orderBy('seq', 'desc')
      .limit(limit);
    const { integratorId: integrator, siteId: site, purpose, outcome } = filter;
    for (const [field, value] of Object.entries({ integrator, site, outcome })) {
      if (value !== undefined) query = query.where(hasOneOf(field, [value]));
    }
    if (purpose !== undefined) {
      const meant = [...grants].filter(([, purposes]) => purposes.includes(purpose));
      query = query.where(
        hasOneOf(
          'grantId',
          meant.map(([grantId]) => grantId),
        ),
      );
    }
    if (filter.from !== undefined) query = query.where('recorded_at', '>=', new Date(filter.from));
    if (filter.to !== undefined) query = query.where('recorded_at', '<', new Date(filter.to));
    const [ms, seq] = (before ?? '').split('.');
    if (ms !== undefined && seq !== undefined) {
      // Stored to the microsecond at most; written to the millisecond always.
      const at = new Date(Number(ms));
      query = query.where(sql<SqlBool>`(recorded_at, seq) < (${at}::timestamptz, ${seq}::bigint)`);
    }
    return query.execute();
  }

  /** What each permission of the practice is for, by grantId, as its newest document says. */
  private async purposesOf(practiceId: string): Promise<Purposes> {
    const rows = await this.database
      .selectFrom('grants')
      .innerJoin('sites', 'sites.site_id', 'grants.site_id')
      .distinctOn('grant_id')
      .select(['grant_id', 'signed'])
      .where('practice_id', '=', practiceId)
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

  private async entriesOf(
    practiceId: string,
    rows: readonly Row[],
    grants: Purposes,
  ): Promise<ActivityEntry[]> {
    const records = rows.map(({ record }) => JSON.parse(record) as AuditRecord);
    const names = await this.namesOf(practiceId, records, grants);
    return rows.map((row, index) => entryOf(row, records[index] as AuditRecord, names));
  }

  private async namesOf(
    practiceId: string,
    records: readonly AuditRecord[],
    grants: Purposes,
  ): Promise<Names> {
    const ids = (pick: (record: AuditRecord) => string | undefined) => [
      ...new Set(records.map(pick).filter((id) => id !== undefined)),
    ];
    const integrators = await this.database
      .selectFrom('integrators')
      .select(['integrator_id', 'name'])
      .where('integrator_id', 'in', ['', ...ids(({ integrator }) => integrator)])
      .execute();
    const sites = await this.database
      .selectFrom('sites')
      .select(['site_id', 'name'])
      .where('practice_id', '=', practiceId)
      .execute();
    const people = await this.people.names(
      practiceId,
      ids(({ actorRef }) => actorRef),
    );
    return {
      integrators: new Map(integrators.map((row) => [row.integrator_id, row.name])),
      sites: new Map(sites.map((row) => [row.site_id, row.name])),
      people,
      purposes: new Map(
        [...grants].map(([id, purposes]) => [id, purposes.map(purposeText).join('; ')]),
      ),
    };
  }
}

const actionsOf = ({ kind }: ActivityFilter): readonly AuditAction[] =>
  kind === undefined ? Object.values(kindActions).flat() : kindActions[kind];

/**
 * SQL: the record's field has one of these values. Records are canonical JSON, in whose texts a quote
 * is always escaped, so this sequence of characters can be nothing but the field itself.
 */
function hasOneOf(field: string, values: readonly string[]) {
  const patterns = values.map((value) => `%"${field}":"${value.replace(/[\\%_]/g, '\\$&')}"%`);
  return sql<SqlBool>`record like any (array[${sql.join(patterns)}]::text[])`;
}

function entryOf(row: Row, record: AuditRecord, names: Names): ActivityEntry {
  const integrator = record.integrator && names.integrators.get(record.integrator);
  const site = record.site && names.sites.get(record.site);
  const who = record.actorRef && names.people.get(record.actorRef);
  const purpose = record.grantId && names.purposes.get(record.grantId);
  const { outcome, durationBucket, rowsBucket, bytesBucket, requestId } = record;
  return {
    seq: row.seq,
    at: row.recorded_at.toISOString(),
    kind: activityKindOf(record.type) ?? 'server',
    words: activityWords(record, { ...(integrator && { integrator }), ...(site && { site }) }),
    ...(integrator && { integratorName: integrator }),
    ...(site && { siteName: site }),
    ...(who && { who }),
    ...(outcome !== undefined && { outcome }),
    ...(purpose && { purpose }),
    ...(durationBucket !== undefined && { duration: durationBucket }),
    ...(rowsBucket !== undefined && { rows: rowsBucket }),
    ...(bytesBucket !== undefined && { size: bytesBucket }),
    ...(requestId !== undefined && { requestId }),
  };
}
