import { Injectable } from '@nestjs/common';
import { AsyncRecorder } from '#apps/broker/src/async-queries/async-recorder.js';
import { DispatchQuery } from '#apps/broker/src/async-queries/dispatch-query.js';
import { isWaiting, type QueryRecord } from '#apps/broker/src/async-queries/query-record.js';
import { QueryRecords, recordLifeMs } from '#apps/broker/src/async-queries/query-records.js';
import { TransientBudget, type Holder } from '#apps/broker/src/transient/transient-budget.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

/** What a record and its place in line take besides the request. */
const RECORD_BYTES = 2_048;

/** Puts a query into the store, its end into the queue, itself into its line: all, or nothing that counts. */
@Injectable()
export class StartWaiting {
  constructor(
    private readonly records: QueryRecords,
    private readonly budget: TransientBudget,
    private readonly dispatch: DispatchQuery,
    private readonly recorder: AsyncRecorder,
  ) {}

  /** Of a submit that is repeated. Should the first one have been cut short, it stands in line now. */
  async find(queryId: string): Promise<QueryRecord | undefined> {
    const known = await this.records.read(queryId);
    if (known && isWaiting(known)) await this.dispatch.join(known);
    return known;
  }

  /** @throws ConduitError QUEUE_UNAVAILABLE, TRANSIENT_STORE_FULL */
  async execute(record: QueryRecord, sealedRequest: Buffer): Promise<QueryRecord> {
    const { id, integratorId, siteId } = record;
    const holder: Holder = { kind: 'request', id, integratorId, siteId };
    const endsMs = record.deadlineMs + recordLifeMs;
    if (!(await this.budget.take(holder, sealedRequest.length + RECORD_BYTES, endsMs)))
      throw new ConduitError('TRANSIENT_STORE_FULL');
    if (!(await this.records.create(record, sealedRequest))) {
      // The same submit, twice at once: the first one counts.
      await this.budget.giveBack(holder, sealedRequest.length + RECORD_BYTES);
      return (await this.records.read(id)) ?? record;
    }
    try {
      await this.dispatch.begin(record);
    } catch (error) {
      // Nobody was told of it yet. What cannot be taken back now ends by its own time.
      await this.records.forget(id).catch(() => undefined);
      await this.budget.giveBack(holder).catch(() => undefined);
      throw error;
    }
    this.recorder.submitted(record);
    return record;
  }
}
