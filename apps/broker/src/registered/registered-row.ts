/** A registered query as the registry holds it, and what follows from that alone. */
import { createHash } from 'node:crypto';
import type { Selectable } from 'kysely';
import type { ResultOwner } from '#apps/broker/src/results/result-store.port.js';
import { runSealId, type RegisteredStatus } from '#libs/contracts/registered.js';
import type { RegisteredQueriesTable, RegisteredRunsTable } from '#libs/db/schema.js';

export type RegisteredRow = Selectable<RegisteredQueriesTable>;
export type RunRow = Selectable<RegisteredRunsTable>;

/** The sweep that writes it down may come a moment later. */
export function statusOf(row: RegisteredRow, nowMs: number): RegisteredStatus {
  return row.state === 'enabled' && row.ends_at.getTime() <= nowMs ? 'completed' : row.state;
}

/** The pages of one run, as the store of results knows them. */
export function runOwner(row: RegisteredRow, run: number): ResultOwner {
  const { registered_id: queryId, integrator_id: integratorId, site_id: siteId } = row;
  return { id: runUuid(queryId, run), integratorId, siteId, queryId };
}

/** Always the same for a run: a UUID of version 8 (RFC 9562) over its name. */
function runUuid(registeredId: string, run: number): string {
  const digest = createHash('sha256').update(runSealId(registeredId, run)).digest();
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x80;
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
  const hex = digest.toString('hex', 0, 16);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
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
