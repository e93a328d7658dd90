/**
 * The broker's own records of queries at the sites that an agent had at the time, with their places in its log: by
 * the query, or by their time, a page at a time.
 */
import { Injectable } from '@nestjs/common';
import { Kysely, sql, type RawBuilder } from 'kysely';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import { HeldSites } from '#apps/broker/src/reconciliation/held-sites.js';
import { readRecord, RECONCILE_SLACK_MS, type LoggedRecord } from '#libs/audit/reconcile.js';
import type { RecordSpan } from '#libs/audit/reconcile-in-steps.js';
import { LEAF_OF_RECORD } from '#libs/db/audit-log-tables.js';
import { RECORD_QUERY_ID } from '#libs/db/audit-receipts-migration.js';
import type { Database } from '#libs/db/schema.js';

/** How long before a window an order may have been given that runs in it. */
export const ORDERS_MS = 7 * 86_400_000;

interface Row {
  seq: string;
  recorded_at: Date;
  record: string;
  leaf_index: string | null;
}

@Injectable()
export class SiteRecords {
  constructor(private readonly database: Kysely<Database>) {}

  /**
   * Records of the span, in the order of their times; those that are not in the log yet have the index -1.
   * @param ordersMs with submissions from so long before the span
   * @param handOverMs without those of so long after another agent had the site: it may have run them
   */
  async *of(
    agentId: string,
    { fromMs, toMs }: RecordSpan,
    { ordersMs = 0, handOverMs = 0, pageRecords = 2_000 } = {},
  ): AsyncGenerator<LoggedRecord[]> {
    const sites = await HeldSites.of(this.database, agentId);
    const isWanted =
      ordersMs > 0
        ? sql`(r.recorded_at >= ${new Date(fromMs)} or r.type = 'query.submitted')`
        : sql`true`;
    let behind = sql`r.recorded_at >= ${new Date(fromMs - ordersMs)}`;
    for (;;) {
      const rows = await this.read(
        agentId,
        sql`${behind} and r.recorded_at < ${new Date(toMs)} and ${isWanted}
          order by r.recorded_at, r.seq limit ${pageRecords}`,
      );
      yield logged(rows, (record) => sites.answersFor(record, handOverMs));
      const last = rows.at(-1);
      if (!last || rows.length < pageRecords) return;
      // Stored to the microsecond at most; written to the millisecond always.
      behind = sql`(r.recorded_at, r.seq) > (${last.recorded_at}::timestamptz, ${last.seq}::bigint)`;
    }
  }

  /** All that is recorded of these queries, whenever it was; of registered ones see `standing`. */
  async ofQueries(agentId: string, queryIds: readonly string[]): Promise<LoggedRecord[]> {
    if (queryIds.length === 0) return [];
    const sites = await HeldSites.of(this.database, agentId);
    const rows = await this.read(
      agentId,
      sql`(${sql.raw(RECORD_QUERY_ID)}) collate "C" = any(${[...queryIds]}::text[])
        and r.record not like '%"lane":"registered"%' order by r.seq`,
    );
    return logged(rows, (record) => sites.mayBeOf(record, RECONCILE_SLACK_MS));
  }

  /**
   * Registered queries stand for every run of theirs: one record each, of what is stored of them, or
   * else of their beginning.
   */
  async standing(agentId: string, queryIds: readonly string[]): Promise<LoggedRecord[]> {
    if (queryIds.length === 0) return [];
    const sites = await HeldSites.of(this.database, agentId);
    const begun = await this.read(
      agentId,
      sql`(${sql.raw(RECORD_QUERY_ID)}) collate "C" = any(${[...queryIds]}::text[])
        and r.type = 'registered.created' order by r.seq`,
    );
    const rows = await this.database
      .selectFrom('registered_queries')
      .select(['registered_id', 'site_id', 'integrator_id', 'created_at'])
      .where('registered_id', 'in', queryIds)
      .execute();
    const stored = rows.map((row) => {
      const record: AuditRecord = {
        ...{ ts: row.created_at.toISOString(), type: 'registered.created', lane: 'registered' },
        ...{ queryId: row.registered_id, site: row.site_id, integrator: row.integrator_id },
      };
      return { index: -1, text: JSON.stringify(record), record };
    });
    return [...logged(begun, (record) => sites.answersFor(record)), ...stored];
  }

  private async read(agentId: string, which: RawBuilder<unknown>): Promise<Row[]> {
    const { rows } = await sql<Row>`
      select r.seq, r.recorded_at, r.record, ${sql.raw(LEAF_OF_RECORD)} as leaf_index
      from audit_records r left join audit_leaves l on l.seq = r.seq
      where r.practice_id = (select practice_id from agents where agent_id = ${agentId})
        and strpos(record, '"queryId":"') > 0 and ${which}`.execute(this.database);
    return rows;
  }
}

function logged(rows: readonly Row[], isWanted: (record: AuditRecord) => boolean): LoggedRecord[] {
  return rows.flatMap(({ record: text, leaf_index }) => {
    const record = readRecord(text);
    if (!record || !isWanted(record)) return [];
    return [{ index: leaf_index === null ? -1 : Number(leaf_index), text, record }];
  });
}
