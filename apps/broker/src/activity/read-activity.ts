/** What was done, for one reader: the records that concern them, in sentences, with names as they are now. */
import { Injectable } from '@nestjs/common';
import { activityKindOf, actionsOf } from '#apps/broker/src/activity/activity-kinds.js';
import { activityWords } from '#apps/broker/src/activity/activity-words.js';
import { FindRecords, type FoundRecord } from '#apps/broker/src/activity/find-records.js';
import {
  documentKey,
  NameActivity,
  type ActivityNames,
  type Purposes,
} from '#apps/broker/src/activity/name-activity.js';
import type { SoughtRecords } from '#apps/broker/src/activity/sought-records.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import type {
  ActivityEntry,
  ActivityFilter,
  ActivityPage,
  DestroyedActs,
} from '#libs/console-api/activity.js';
import type { AuditScope } from '#libs/db/read-audit.js';
import { purposeText } from '#libs/grants/purpose-words.js';

export const activityLimits = { page: 50, exported: 1_000_000, batch: 2_000 };

/** An entry and what it was made of. */
export interface Act {
  entry: ActivityEntry;
  record: AuditRecord;
  /** By which its place in the log is proven. */
  leafHash: Buffer;
  /** Codes of what its permission was for, when it was done. */
  purposes: readonly string[];
}

/** As much of a record's row as its line is made of. */
export type StoredAct = Pick<FoundRecord, 'seq' | 'recordedAt' | 'record'>;

@Injectable()
export class ReadActivity {
  constructor(
    private readonly records: FindRecords,
    private readonly names: NameActivity,
  ) {}

  async page(
    reader: AuditScope,
    filter: ActivityFilter,
    before?: string,
    limit: number = activityLimits.page,
  ): Promise<ActivityPage> {
    const { acts, ...more } = await this.acts(reader, filter, before, limit);
    const destroyed = more.next === undefined ? await this.destroyed(reader, filter) : undefined;
    const entries = acts.map(({ entry }) => entry);
    return { entries, ...more, ...(destroyed && { destroyed }) };
  }

  /** Of the filter's time; of what kind it was, nobody knows any more. */
  destroyed(reader: AuditScope, { from, to }: ActivityFilter): Promise<DestroyedActs | undefined> {
    const [begin, end] = [from, to].map((moment) => moment && new Date(moment));
    return this.records.destroyed(reader, begin || undefined, end || undefined);
  }

  /** Newest first, as many as one file may hold. @returns whether there were more */
  async *all(
    reader: AuditScope,
    filter: ActivityFilter,
    most: number = activityLimits.exported,
  ): AsyncGenerator<Act[], boolean, void> {
    let before: string | undefined;
    let count = 0;
    do {
      const limit = Math.min(activityLimits.batch, most - count);
      const { acts, next } = await this.acts(reader, filter, before, limit);
      if (acts.length > 0) yield acts;
      count += acts.length;
      before = next;
    } while (before !== undefined && count < most);
    return before !== undefined;
  }

  /** One record's line, for a reader whose record it is. */
  async entry(reader: AuditScope, row: StoredAct): Promise<ActivityEntry> {
    const record = JSON.parse(row.record) as AuditRecord;
    const names = await this.names.of(reader, [record]);
    return entryOf(reader, row, record, names, await this.names.purposesOf(reader, [record]));
  }

  private async acts(
    reader: AuditScope,
    filter: ActivityFilter,
    before: string | undefined,
    limit: number,
  ): Promise<{ acts: Act[]; next?: string; searchedTo?: string }> {
    const sought = await this.soughtBy(reader, filter);
    const { found, next, searchedTo } = await this.records.page(reader, sought, before, limit);
    const records = found.map(({ record }) => JSON.parse(record) as AuditRecord);
    const names = await this.names.of(reader, records);
    const purposes = await this.names.purposesOf(reader, records);
    return {
      acts: found.map((row, index) =>
        actOf(reader, row, records[index] as AuditRecord, names, purposes),
      ),
      ...(next !== undefined && { next }),
      ...(searchedTo && { searchedTo: searchedTo.toISOString() }),
    };
  }

  private async soughtBy(reader: AuditScope, filter: ActivityFilter): Promise<SoughtRecords> {
    const { kind, integratorId, siteId, purpose, outcome, from, to } = filter;
    const nothing = { types: [] };
    const practiceId = siteId === undefined ? undefined : await this.names.practiceOf(siteId);
    const isElsewhere = reader.kind === 'practice' && practiceId !== reader.practiceId;
    if (siteId !== undefined && (practiceId === undefined || isElsewhere)) return nothing;
    const isOther =
      reader.kind === 'integrator' && (integratorId ?? reader.integratorId) !== reader.integratorId;
    if (isOther) return nothing;
    return {
      types: actionsOf(reader.kind, kind),
      ...(practiceId !== undefined && { practiceId }),
      ...(integratorId !== undefined && { integratorId }),
      ...(siteId !== undefined && { siteId }),
      ...(purpose !== undefined && { documents: await this.names.documentsFor(reader, purpose) }),
      ...(outcome !== undefined && { outcome }),
      ...(from !== undefined && { from: new Date(from) }),
      ...(to !== undefined && { to: new Date(to) }),
    };
  }
}

function actOf(
  reader: AuditScope,
  row: FoundRecord,
  record: AuditRecord,
  names: ActivityNames,
  granted: Purposes,
): Act {
  const purposes = purposesOf(record, granted);
  const entry = entryOf(reader, row, record, names, granted);
  return { entry, record, leafHash: row.leafHash, purposes };
}

const purposesOf = ({ grantId, grantSeq }: AuditRecord, granted: Purposes): readonly string[] =>
  (grantId && granted.get(documentKey(grantId, grantSeq))) || [];

function entryOf(
  reader: AuditScope,
  row: StoredAct,
  record: AuditRecord,
  names: ActivityNames,
  granted: Purposes,
): ActivityEntry {
  const integrator = record.integrator && names.integrators.get(record.integrator);
  const site = record.site && names.sites.get(record.site);
  const practice = record.practice && names.practices.get(record.practice);
  const who = record.actorRef && names.people.get(record.actorRef);
  const purposes = purposesOf(record, granted);
  const { outcome, durationBucket, rowsBucket, bytesBucket, requestId } = record;
  const shown = {
    ...(integrator && { integrator }),
    ...(site && { site }),
    ...(practice && { practice }),
  };
  return {
    seq: row.seq,
    at: row.recordedAt.toISOString(),
    kind: activityKindOf(reader.kind, record.type) ?? 'server',
    words: activityWords(record, shown),
    ...(integrator && { integratorName: integrator }),
    ...(site && { siteName: site }),
    ...(who && { who }),
    ...(outcome !== undefined && { outcome }),
    ...(purposes.length > 0 && { purpose: purposes.map(purposeText).join('; ') }),
    ...(durationBucket !== undefined && { duration: durationBucket }),
    ...(rowsBucket !== undefined && { rows: rowsBucket }),
    ...(bytesBucket !== undefined && { size: bytesBucket }),
    ...(requestId !== undefined && { requestId }),
  };
}
