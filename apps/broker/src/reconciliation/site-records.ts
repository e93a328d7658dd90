/** The broker's own records of queries at one agent's sites, with their places in its log. */
import { Injectable } from '@nestjs/common';
import { Kysely, sql, type SqlBool } from 'kysely';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import { readRecord, type LoggedRecord } from '#libs/audit/reconcile.js';
import type { Database } from '#libs/db/schema.js';

/** How long before a window an order may have been given that runs in it. */
const ORDERS_MS = 7 * 86_400_000;
const MOST_RECORDS = 200_000;

export interface RecordSpan {
  fromMs: number;
  toMs: number;
}

@Injectable()
export class SiteRecords {
  constructor(private readonly database: Kysely<Database>) {}

  /**
   * Records of the span, and submissions from up to a week before it.
   * @returns in the order of the log; those that are not in it yet have the index -1
   */
  async of(agentId: string, { fromMs, toMs }: RecordSpan): Promise<LoggedRecord[]> {
    const siteIds = await this.sitesOf(agentId);
    const rows = await this.database
      .selectFrom('audit_records as r')
      .leftJoin('audit_leaves as l', 'l.seq', 'r.seq')
      .innerJoin('agents as a', 'a.practice_id', 'r.practice_id')
      .select(['r.record', 'l.leaf_index'])
      .where('a.agent_id', '=', agentId)
      .where('r.recorded_at', '>=', new Date(fromMs - ORDERS_MS))
      .where('r.recorded_at', '<', new Date(toMs))
      .where(sql<SqlBool>`r.record like '%"queryId":"%'`)
      .where(({ eb, or }) =>
        or([
          eb('r.recorded_at', '>=', new Date(fromMs)),
          sql<SqlBool>`r.record like '%"type":"query.submitted"%'`,
        ]),
      )
      .orderBy('r.seq')
      .limit(MOST_RECORDS)
      .execute();
    return rows.flatMap(({ record: text, leaf_index }) => {
      const record = readRecord(text);
      if (!record || !siteIds.has(record.site ?? '')) return [];
      return [{ index: leaf_index === null ? -1 : Number(leaf_index), text, record }];
    });
  }

  /** Registered queries stand for every run of theirs: one record each, of what is stored of them. */
  async standing(queryIds: readonly string[]): Promise<LoggedRecord[]> {
    if (queryIds.length === 0) return [];
    const rows = await this.database
      .selectFrom('registered_queries')
      .select(['registered_id', 'site_id', 'integrator_id', 'created_at'])
      .where('registered_id', 'in', queryIds)
      .execute();
    return rows.map((row) => {
      const record: AuditRecord = {
        ...{ ts: row.created_at.toISOString(), type: 'registered.created', lane: 'registered' },
        ...{ queryId: row.registered_id, site: row.site_id, integrator: row.integrator_id },
      };
      return { index: -1, text: JSON.stringify(record), record };
    });
  }

  private async sitesOf(agentId: string): Promise<Set<string>> {
    const rows = await this.database
      .selectFrom('sites')
      .select('site_id')
      .where('agent_id', '=', agentId)
      .execute();
    return new Set(rows.map(({ site_id }) => site_id));
  }
}
