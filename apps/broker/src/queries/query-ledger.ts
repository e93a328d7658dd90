/**
 * What became of the queries this node ran: times, sizes and codes for `GET …/queries/{id}`. In
 * memory, at most 24 hours and a bounded number an integrator; no statement, parameter or row.
 */
import { Injectable } from '@nestjs/common';
import type { ErrorCode } from '#libs/errors/catalogue.js';
import { Clock } from '#libs/kernel/clock.js';

export interface QueryEntry {
  id: string;
  integratorId: string;
  siteId: string;
  status: 'initialising' | 'executing' | 'uploading' | 'successful' | 'executionFailed';
  maxTimeInQueueMs: number;
  commandBytes: number;
  requestBytes: number;
  createdAtMs: number;
  updatedAtMs: number;
  executingAtMs?: number;
  uploadingAtMs?: number;
  completedAtMs?: number;
  sqlExecutionMs?: number;
  rows?: number;
  rowsAffected?: number;
  resultBytes?: number;
  errorCode?: ErrorCode;
}

const KEEP_MS = 24 * 3_600_000;
const KEEP_PER_INTEGRATOR = 10_000;

@Injectable()
export class QueryLedger {
  /** Insertion order is age. */
  private readonly byIntegrator = new Map<string, Map<string, QueryEntry>>();

  constructor(private readonly clock: Clock) {}

  add(entry: QueryEntry): void {
    let own = this.byIntegrator.get(entry.integratorId);
    if (!own) {
      own = new Map();
      this.byIntegrator.set(entry.integratorId, own);
    }
    own.set(entry.id, entry);
    this.forgetOld(own);
  }

  /** Only what this integrator asked of this site. */
  find(integratorId: string, siteId: string, queryId: string): QueryEntry | undefined {
    const own = this.byIntegrator.get(integratorId);
    if (own) this.forgetOld(own);
    const entry = own?.get(queryId);
    return entry?.siteId === siteId ? entry : undefined;
  }

  /** An integrator's own, of whatever site. */
  findOwn(integratorId: string, queryId: string): QueryEntry | undefined {
    return this.byIntegrator.get(integratorId)?.get(queryId);
  }

  private forgetOld(own: Map<string, QueryEntry>): void {
    const oldestMs = this.clock.now() - KEEP_MS;
    for (const [id, entry] of own) {
      if (own.size <= KEEP_PER_INTEGRATOR && entry.createdAtMs >= oldestMs) return;
      own.delete(id);
    }
  }
}
