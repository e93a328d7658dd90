/**
 * Finding the record of a query by the query's id. Ids begin with their time, so the index grows at one
 * end. An expression that no record can make fail: one that can't be stored would stop dispatch.
 */
import type { Migration } from '#libs/db/migrations.js';

/** SQL: the query that a record is of. In canonical JSON this sequence of characters is the field itself. */
export const RECORD_QUERY_ID = `left(split_part(record, '"queryId":"', 2), 36)`;

export const auditReceipts: Migration = {
  name: '0022-audit-receipts',
  statements: [
    `create index audit_records_by_query on audit_records ((${RECORD_QUERY_ID}) collate "C")
      where strpos(record, '"queryId":"') > 0`,
  ],
};
