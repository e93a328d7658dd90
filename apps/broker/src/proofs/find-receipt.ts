/**
 * The record of an answer, by the receipt that the answer named: the id of the query, or of a run of a
 * registered one. Whose it is, the database says and the record itself, and the id while there is none: one of
 * somebody else is answered like one that never was.
 */
import { Injectable } from '@nestjs/common';
import { Kysely, sql } from 'kysely';
import { QueryRecords } from '#apps/broker/src/async-queries/query-records.js';
import { FindDestroyed } from '#apps/broker/src/proofs/find-destroyed.js';
import { notYet, type StoredRecord } from '#apps/broker/src/proofs/show-proof.js';
import { QueryLedger } from '#apps/broker/src/queries/query-ledger.js';
import type { AuditAction, AuditRecord } from '#libs/audit/audit-record.js';
import { ReceiptIds } from '#apps/broker/src/queries/receipt-ids.js';
import { LEAF_OF_RECORD } from '#libs/db/audit-log-tables.js';
import { RECORD_QUERY_ID } from '#libs/db/audit-receipts-migration.js';
import { readAudit } from '#libs/db/read-audit.js';
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

/** An immediate query, and a stream, ends within so long; one that has no record by then gets none. */
const RECENT_MS = 15 * 60_000;

@Injectable()
export class FindReceipt {
  private readonly destroyed: FindDestroyed;

  constructor(
    private readonly database: Kysely<Database>,
    private readonly ledger: QueryLedger,
    private readonly asynchronous: QueryRecords,
    private readonly ids: ReceiptIds,
    private readonly clock: Clock,
  ) {
    this.destroyed = new FindDestroyed(database);
  }

  /**
   * @throws ConduitError RECEIPT_NOT_FOUND; RECEIPT_PENDING while there is none yet; RECORD_DESTROYED for an id of a
   *   time of which records of the integrator's are gone, whether this one was among them or never was
   */
  async execute(reader: ReceiptReader, receipt: string): Promise<StoredRecord> {
    const { queryId, run } = FORM.exec(receipt)?.groups ?? {};
    if (queryId === undefined) throw new ConduitError('RECEIPT_NOT_FOUND');
    const { answer, isKnown } = await this.stored(reader, queryId, run && receipt);
    if (answer) return answer;
    if (await this.isUnderWay(reader, queryId, run)) throw notYet();
    if (!isKnown && run === undefined && this.isGivenOut(reader.integratorId, queryId))
      throw notYet();
    const madeAtMs = uuidMadeAtMs(queryId) ?? 0;
    if (await this.destroyed.covers({ integratorId: reader.integratorId }, madeAtMs))
      throw new ConduitError('RECORD_DESTROYED');
    throw new ConduitError('RECEIPT_NOT_FOUND');
  }

  private async stored(
    { integratorId, siteIds }: ReceiptReader,
    queryId: string,
    requestId: string | undefined,
  ): Promise<{ answer?: StoredRecord; isKnown: boolean }> {
    const known = await this.numbers(queryId, requestId);
    const own = known.length > 0 ? await this.own(integratorId, known) : [];
    const answer = own.find(({ record }) => {
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
    return { ...(answer && { answer }), isKnown: known.length > 0 };
  }

  /** Numbers alone, whosever: row-level security would keep this index from being used. */
  private async numbers(queryId: string, requestId: string | undefined): Promise<string[]> {
    const { rows } = await sql<{ seq: string }>`
      select seq from audit_records
      where (${sql.raw(RECORD_QUERY_ID)}) collate "C" = ${queryId}
        and strpos(record, '"queryId":"') > 0
        and strpos(record, ${requestId === undefined ? '' : `"requestId":"${requestId}"`}) > 0`.execute(
      this.database,
    );
    return rows.map(({ seq }) => seq);
  }

  /** What the database itself shows this integrator of them. */
  private async own(integratorId: string, numbers: readonly string[]): Promise<StoredRecord[]> {
    const { rows } = await readAudit(
      this.database,
      { kind: 'integrator', integratorId },
      (within) =>
        sql<StoredRecord>`
          select r.seq, r.recorded_at as "recordedAt", r.record, ${sql.raw(LEAF_OF_RECORD)} as leaf
          from audit_records r left join audit_leaves l using (seq)
          where seq = any(${[...numbers]}::bigint[]) order by seq`.execute(within),
    );
    return rows;
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

  /** Of a query that another node runs, or has not stored yet, there is nothing but its id. */
  private isGivenOut(integratorId: string, queryId: string): boolean {
    const ageMs = Math.abs(this.clock.now() - (uuidMadeAtMs(queryId) ?? 0));
    return ageMs < RECENT_MS && this.ids.isOurs(queryId, integratorId);
  }
}
