/** Parts for tests of execution: a permissive gate that can withdraw, a journal that keeps, requests. */
import type { AuditRecord } from '#libs/audit/audit-record.js';
import type { CommandDto, QueryDto } from '#libs/contracts/command.js';
import type { RunQueryMeta } from '#libs/contracts/link-messages.js';
import type { ErrorCode } from '#libs/errors/catalogue.js';
import type { Grant, GrantLimits } from '#libs/grants/grant.js';
import {
  GrantGate,
  type GrantDecision,
  type QueryToAuthorise,
  type WithdrawalListener,
} from '#apps/agent/src/grants/grant-gate.port.js';
import { Journal } from '#apps/agent/src/journal/journal.port.js';
import type { QueryRequest } from '#apps/agent/src/execution/query-request.js';

export class OpenGate extends GrantGate {
  readonly asked: QueryToAuthorise[] = [];
  refusal: Extract<GrantDecision, { allowed: false }> | undefined;
  limits: GrantLimits = {};
  tier: 'read' | 'write' = 'read';
  private readonly listeners: WithdrawalListener[] = [];

  override decide(query: QueryToAuthorise): GrantDecision {
    this.asked.push(query);
    if (this.refusal !== undefined) return this.refusal;
    const about = { practiceId: 'practice-1', purposes: ['TREAT'], limits: this.limits };
    const grant = {
      ...about,
      ...(this.tier === 'write' && { writes: { journal: 'none' } }),
    } as Grant;
    return { allowed: true, grant, tier: this.tier, scope: `sql:${this.tier}` };
  }

  override isInForce(): boolean {
    return this.refusal === undefined;
  }

  override minuteLimitOf(): number | undefined {
    return this.limits.perMinute;
  }

  override onWithdrawn(listener: WithdrawalListener): void {
    this.listeners.push(listener);
  }

  withdraw(grantId: string, code: ErrorCode = 'GRANT_REVOKED'): void {
    this.listeners.forEach((listener) => listener(grantId, code));
  }
}

export class KeptJournal extends Journal {
  readonly records: Omit<AuditRecord, 'ts'>[] = [];

  override note(record: Omit<AuditRecord, 'ts'>): void {
    this.records.push(record);
  }

  override record(record: Omit<AuditRecord, 'ts'>): Promise<void> {
    this.records.push(record);
    return Promise.resolve();
  }
}

export function aMeta(meta: Partial<RunQueryMeta> = {}): RunQueryMeta {
  return {
    queryId: 'query-1',
    requestId: 'request-1',
    siteId: '6f1d2c3b-4a59-4e68-8f70-112233445566',
    integratorId: 'integrator-1',
    keyId: 'key-1',
    grantId: 'grant-1',
    grantSeq: 1,
    lane: 'immediate',
    form: 'objects',
    columns: false,
    resultSets: 'first',
    maxWaitMs: 1_000,
    executionLimitMs: 60_000,
    ...meta,
  };
}

/** Keys of 43 characters that are none. */
export function anAsyncMeta(meta: Partial<RunQueryMeta> = {}): RunQueryMeta {
  return aMeta({
    lane: 'async',
    form: 'pages',
    executionLimitMs: 300_000,
    sealedTo: 'S'.repeat(43),
    resultKey: 'R'.repeat(43),
    idempotencyKey: 'idempotency-1',
    ...meta,
  });
}

export function aRequest(
  command: CommandDto,
  meta: Partial<RunQueryMeta> = {},
  query: Partial<QueryDto> = {},
): QueryRequest {
  return { meta: aMeta(meta), query: { command, ...query } };
}
