import { expect, test } from '@jest/globals';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { Metrics } from '#apps/broker/src/health/metrics.js';
import type { QueryEntry } from '#apps/broker/src/queries/query-ledger.js';
import { QueryRecorder } from '#apps/broker/src/queries/query-recorder.js';
import type { QueryOrder } from '#apps/broker/src/queries/run-query.js';
import { KeptUsage } from '#apps/broker/src/usage/usage-book.fixture.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import type { RunQueryEnd } from '#libs/contracts/link-messages.js';
import { aGrant } from '#libs/grants/grant.fixture.js';

class KeptAudit extends AuditTrail {
  readonly notes: Omit<AuditRecord, 'ts'>[] = [];

  override note(record: Omit<AuditRecord, 'ts'>): void {
    this.notes.push(record);
  }

  override record(): Promise<void> {
    return Promise.reject(new Error('a query is noted'));
  }
}

test.each([
  [208, 208],
  [49_999, 49_999],
  [50_000, 50_000],
  [1_234_567_890, 50_000],
  [-5, 0],
  [1.5, undefined],
])('the error number %d of a server is recorded as %s', (errorCode, recorded) => {
  const audit = new KeptAudit();
  const order = {
    caller: { integratorId: 'integrator-1', keyId: 'key-1' },
    grant: aGrant(),
    query: { command: { text: 'SELECT 1' } },
    siteId: 'site-1',
    requestId: 'request-1',
  } as unknown as QueryOrder;
  const entry = { id: 'query-1', createdAtMs: 0, errorCode: 'STATEMENT_FAILED' } as QueryEntry;
  const end: RunQueryEnd = {
    status: 'executionFailed',
    sqlExecutionMs: 1,
    waitedMs: 0,
    error: { code: 'STATEMENT_FAILED', errorType: 'mssql', errorCode, errorMessage: 'x' },
  };
  new QueryRecorder(audit, new Metrics(), new KeptUsage()).end(order, entry, end);
  expect(audit.notes[0]?.sqlErrno).toBe(recorded);
});
