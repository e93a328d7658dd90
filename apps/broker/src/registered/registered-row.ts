/** A registered query as the registry holds it, and what follows from that alone. */
import type { Selectable } from 'kysely';
import type { ResultOwner } from '#apps/broker/src/results/result-store.port.js';
import { runSealId, type RegisteredStatus } from '#libs/contracts/registered.js';
import type { RegisteredQueriesTable, RegisteredRunsTable } from '#libs/db/schema.js';
import { uuid8Of } from '#libs/kernel/uuid8.js';

export type RegisteredRow = Selectable<RegisteredQueriesTable>;
export type RunRow = Selectable<RegisteredRunsTable>;

/** The sweep that writes it down may come a moment later. */
export function statusOf(row: RegisteredRow, nowMs: number): RegisteredStatus {
  return row.state === 'enabled' && row.ends_at.getTime() <= nowMs ? 'completed' : row.state;
}

/** The pages of one run, as the store of results knows them. */
export function runOwner(row: RegisteredRow, run: number): ResultOwner {
  const { registered_id: queryId, integrator_id: integratorId, site_id: siteId } = row;
  return { id: uuid8Of(runSealId(queryId, run)), integratorId, siteId, queryId };
}

/** What the audit says of every act on it. */
export function auditSubject(row: RegisteredRow) {
  return {
    site: row.site_id,
    integrator: row.integrator_id,
    keyId: row.key_id,
    grantId: row.grant_id,
    grantSeq: row.grant_seq,
    queryId: row.registered_id,
    lane: 'registered' as const,
  };
}
