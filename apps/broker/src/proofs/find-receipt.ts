/**
 * The record of an answer, by the receipt that the answer named: the id of the query, or of a run of a
 * registered one. Whose it is, is in the record itself; one of somebody else is answered like one that
 * never was, and as late.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Kysely, sql } from 'kysely';
import { QueryRecords } from '#apps/broker/src/async-queries/query-records.js';
import { notYet, type StoredRecord } from '#apps/broker/src/proofs/show-proof.js';
import { QueryLedger } from '#apps/broker/src/queries/query-ledger.js';
import type { AuditAction, AuditRecord } from '#libs/audit/audit-record.js';
import { RECORD_QUERY_ID } from '#libs/db/audit-receipts-migration.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';
import { uuidMadeAtMs } from '#libs/kernel/uuid7.js';

/** Whose receipts are asked for. */
export interface ReceiptReader {
  integratorId: string;
  /** Absent: of all sites. */
  siteIds?: ReadonlySet<string>;
}

const FORM =
  /^(?<queryId>[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12})(?:\.(?<run>[1-9]\d{0,15}))?$/;

/** With these an answer ends. */
const answers: readonly AuditAction[] = [
  'query.executed',
  'query.failed',
  'query.refused',
  'query.expired',
  'query.cancelled',
  'write.found',
];

/** What another node answered a moment ago it stores within so long. */
const STORED_WITHIN_MS = 1_500;
/** An immediate query, and a stream, ends within so long. */
const RECENT_MS = 15 * 60_000;

@Injectable()
export class FindReceipt {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly ledger: QueryLedger,
    private readonly asynchronous: QueryRecords,
    private readonly clock: Clock,
  ) {}

  /** @throws ConduitError RECEIPT_NOT_FOUND; RECEIPT_PENDING while there is none yet */
  async execute(reader: ReceiptReader, receipt: string): Promise<StoredRecord> {
    const { queryId, run } = FORM.exec(receipt)?.groups ?? {};
    if (queryId === undefined) throw new ConduitError('RECEIPT_NOT_FOUND');
    const found = await this.stored(reader, queryId, run && receipt);
    if (found) return found;
    if (await this.isUnderWay(reader, queryId, run)) throw notYet();
    const ageMs = Math.abs(this.clock.now() - (uuidMadeAtMs(queryId) ?? 0));
    if (ageMs < RECENT_MS) {
      await pause(STORED_WITHIN_MS);
      const late = await this.stored(reader, queryId, run && receipt);
      if (late) return late;
    }
    throw new ConduitError('RECEIPT_NOT_FOUND');
  }

  private async stored(
    { integratorId, siteIds }: ReceiptReader,
    queryId: string,
    requestId: string | undefined,
  ): Promise<StoredRecord | undefined> {
    const { rows } = await sql<StoredRecord>`
      select r.seq, r.recorded_at as "recordedAt", r.record, l.leaf_index as leaf
      from audit_records r left join audit_leaves l using (seq)
      where (${sql.raw(RECORD_QUERY_ID)}) collate "C" = ${queryId}
        and strpos(record, '"queryId":"') > 0
        and strpos(record, ${requestId === undefined ? '' : `"requestId":"${requestId}"`}) > 0
      order by seq`.execute(this.database);
    return rows.find(({ record }) => {
      const {
        type,
        integrator,
        site = '',
        lane,
        requestId: of,
      } = JSON.parse(record) as AuditRecord;
      const isAnswer = answers.includes(type) && (lane === 'registered' ? of === requestId : true);
      return isAnswer && integrator === integratorId && (siteIds?.has(site) ?? true);
    });
  }

  private async isUnderWay(
    { integratorId, siteIds }: ReceiptReader,
    queryId: string,
    run: string | undefined,
  ): Promise<boolean> {
    const mayRead = (siteId: string): boolean => siteIds?.has(siteId) ?? true;
    if (run !== undefined) {
      const known = await this.database
        .selectFrom('registered_runs')
        .innerJoin('registered_queries as query', (join) =>
          join.onRef('query.registered_id', '=', 'registered_runs.registered_id'),
        )
        .select('query.site_id')
        .where('registered_runs.registered_id', '=', queryId)
        .where('run', '=', run)
        .where('outcome', '!=', 'unchanged')
        .where('query.integrator_id', '=', integratorId)
        .executeTakeFirst();
      return known !== undefined && mayRead(known.site_id);
    }
    const entry = this.ledger.findOwn(integratorId, queryId);
    if (entry) return mayRead(entry.siteId);
    // Ids of queries that may wait are of that version; the others are in no store but the log's.
    if (queryId[14] !== '8') return false;
    const record = await this.asynchronous.read(queryId);
    return record?.integratorId === integratorId && mayRead(record.siteId);
  }
}
