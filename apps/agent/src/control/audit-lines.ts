/** A record of the agent's log in one plain line. */
import type { ExactCounts } from '#libs/audit/audit-line.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import { catalogue, isErrorCode } from '#libs/errors/catalogue.js';

const acts: Partial<Record<AuditRecord['type'], string>> = {
  'query.executed': 'query answered',
  'query.failed': 'query did not succeed',
  'query.refused': 'query refused',
  'write.found': 'asked whether a change was made',
  'registered.created': 'registered query taken in',
  'grant.approved': 'permission came into force',
  'grant.revoked': 'permission withdrawn',
  'grant.refused': 'permission refused here',
  'approver.admitted': 'approver admitted',
  'approver.removed': 'approver removed',
  'access.paused': 'access paused',
  'access.resumed': 'access resumed',
  'audit-log.checkpoint': 'head of the broker’s audit log cosigned',
};

const counted = (count: number | undefined, one: string, many: string): string[] =>
  count === undefined ? [] : [`${count.toLocaleString('en-AU')} ${count === 1 ? one : many}`];

/** `12  2026-03-04T01:02:03.000Z  query answered, integrator …, site …, 3 rows, 120 bytes, 15 ms` */
export function recordLine(n: number, record: AuditRecord, exact: ExactCounts = {}): string {
  const { integrator, site, grantId, statementRef, queryId, errorCode, reason, count } = record;
  const why = isErrorCode(errorCode) ? catalogue[errorCode].title.replace(/\.$/, '') : undefined;
  const parts = [
    `${acts[record.type] ?? record.type}${why === undefined ? '' : ` (${why})`}`,
    ...(integrator === undefined ? [] : [`integrator ${integrator}`]),
    ...(site === undefined ? [] : [`site ${site}`]),
    ...(grantId === undefined ? [] : [`grant ${grantId}`]),
    ...(statementRef === undefined ? [] : [statementRef]),
    ...(queryId === undefined ? [] : [`query ${queryId}`]),
    ...(reason === undefined ? [] : [reason]),
    ...counted(count, 'time', 'times'),
    ...counted(record.logSize, 'record in it', 'records in it'),
    ...counted(exact.rows, 'row', 'rows'),
    ...counted(exact.bytes, 'byte', 'bytes'),
    ...counted(exact.ms, 'ms', 'ms'),
  ];
  return `${n}  ${record.ts}  ${parts.join(', ')}`;
}
