/**
 * The one way in which an async query ends. Whoever moves the record to its last state, and nobody
 * else, writes the audit record, tells the integrator and counts it; then all that the query held is
 * given back. A node that dies in between leaves things that end by themselves.
 */
import { Injectable } from '@nestjs/common';
import { AsyncRecorder } from '#apps/broker/src/async-queries/async-recorder.js';
import {
  runningStates,
  waitingStates,
  type EndState,
  type QueryRecord,
  type QueryState,
} from '#apps/broker/src/async-queries/query-record.js';
import { QueryRecords, type Move } from '#apps/broker/src/async-queries/query-records.js';
import { ReleaseQuery } from '#apps/broker/src/async-queries/release-query.js';
import { SiteLines } from '#apps/broker/src/async-queries/site-lines.js';
import { ResultStore, type ResultOwner } from '#apps/broker/src/results/result-store.port.js';

export const openStates: readonly QueryState[] = [...waitingStates, ...runningStates];

export interface QueryEnd {
  state: EndState;
  /** States it may end from; absent: any in which it has not ended. */
  from?: readonly QueryState[];
  /** The run that ends it, where a run does. */
  runId?: string;
  set?: Move['set'];
}

/** Whose pages a run's result are. */
export function ownerOf(record: QueryRecord, runId = record.runId ?? record.id): ResultOwner {
  const { integratorId, siteId, id } = record;
  return { id: runId, integratorId, siteId, queryId: id };
}

@Injectable()
export class EndQuery {
  constructor(
    private readonly records: QueryRecords,
    private readonly lines: SiteLines,
    private readonly results: ResultStore,
    private readonly recorder: AsyncRecorder,
    private readonly release: ReleaseQuery,
  ) {}

  /** @returns whether this call ended it */
  async execute(record: QueryRecord, end: QueryEnd): Promise<boolean> {
    const { state, from = openStates, runId, set = {} } = end;
    const move: Move = { from, to: state, set, ...(runId !== undefined && { runId }) };
    if ((await this.records.move(record.id, move)) !== 'moved') return false;
    this.recorder.ended({ ...record, ...set, state });
    const dropped = state === 'successful' ? undefined : this.dropPages(record, state);
    await Promise.all([this.lines.leave(record), dropped, this.release.execute(record)]);
    return true;
  }

  /** Of a failure only its outcome stays: the database's words are for the caller. */
  private async dropPages(record: QueryRecord, state: EndState): Promise<void> {
    if (record.runId === undefined) return;
    const owner = ownerOf(record);
    if (state !== 'executionFailed') return this.results.purge(owner, 'cancelled');
    const last = await this.results.lastPage(owner);
    for (let page = 1; page <= last; page += 1)
      await this.results.purgePage(owner, page, 'cancelled');
  }
}
